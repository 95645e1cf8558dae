/**
 * The oracles of the suite: what tells, from outside and on any hardware, whether a device reached
 * memory that it must not reach. A test of a rule is a scenario and one of these; the tests of a
 * vendor may use them in the same way.
 *
 * <table>
 * <caption>The oracles</caption>
 * <tr><th>oracle</th><th>how it looks</th><th>what it shows</th></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.AliasOracle}</td><td>one memory object under
 * two addresses: when one is taken from the device, the other stops changing</td><td>accesses that
 * outlive an unmapping, a truncation, an exit</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.ReuseOracle}</td><td>a bystander takes what
 * was freed, fills it, and looks for damage</td><td>accesses to freed pages</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.SwapInOracle}</td><td>other memory at the same
 * address</td><td>translations that outlive their mapping</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.TwinOracle}</td><td>a child remembers its
 * memory from birth</td><td>device writes that reach what fork made private</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.RecycleOracle}</td><td>newcomers take PASIDs
 * until a number would repeat</td><td>numbers that are free too early</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.PairOracle}</td><td>two devices of one address
 * space, of which one ends</td><td>ends that reach too far, or not far enough</td></tr>
 * <tr><td>{@link org.opensva.conformance.suite.oracle.BudgetOracle}</td><td>an operation and a
 * limit</td><td>waiting for what need not come</td></tr>
 * </table>
 *
 * <p>An oracle works on a {@link org.opensva.conformance.suite.bench.TestBench}, which a rule test
 * gets as its parameter and which any program can make for an open backend:
 *
 * {@snippet lang=java :
 * try (Backend backend = catalog.open("acme", Map.of(), OpenTelemetry.noop());
 *         TestBench bench =
 *                 new TestBench(backend, new BenchSettings("mine", List.of(), 1, Limits.NORMAL))) {
 *     SvaProcess process = bench.process("owner");
 *     AliasOracle oracle = new AliasOracle(bench, process, 64);
 *     DeviceLoad load = oracle.writeBy(List.of(bench.device(process)));
 *     oracle.mustStopChanging("the view is unmapped", load, oracle::unmap);
 * }
 * }
 *
 * <p>What an oracle finds is thrown as a {@link org.opensva.conformance.suite.bench.RuleViolation},
 * which says what was expected, what was seen and at which step. What an oracle does not find
 * proves nothing by itself: the scenario has to have made the device hold what it must lose.
 *
 * <p><b>Threading.</b> One thread uses an oracle; devices and processes may run beside it.
 *
 * <p>Not here: scenarios ({@code org.opensva.conformance.tests}), and what needs to look inside a
 * backend ({@link org.opensva.conformance.suite.bench.EventLog}).
 */
@NullMarked
package org.opensva.conformance.suite.oracle;

import org.jspecify.annotations.NullMarked;
