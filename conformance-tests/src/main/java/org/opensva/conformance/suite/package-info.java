/**
 * The suite's framework: finds and runs the tests of the rules against a backend, and turns what
 * they find into one verdict for every rule.
 *
 * <h2>From a vendor's own build</h2>
 *
 * <p>Depend on {@code org.opensva:opensva-conformance-tests} in scope {@code test}, publish the
 * backend through {@code META-INF/services/org.opensva.api.backend.BackendProvider}, and write:
 *
 * {@snippet lang=java :
 * package com.acme;
 *
 * import org.junit.platform.suite.api.ConfigurationParameter;
 * import org.opensva.conformance.suite.OpenSvaSuite;
 *
 * @ConfigurationParameter(key = "opensva.backend", value = "acme")
 * class AcmeConformanceTest extends OpenSvaSuite {}
 * }
 *
 * <p>Every test then runs as a JUnit test, from Maven Surefire and from a development environment.
 * A test of a rule that does not apply is skipped with the reason. The parameters are:
 *
 * <table>
 * <caption>JUnit configuration parameters</caption>
 * <tr><th>key</th><th>value</th></tr>
 * <tr><td>{@code opensva.backend}</td><td>{@code name} or {@code name:variant}; required</td></tr>
 * <tr><td>{@code opensva.backend.option.KEY}</td><td>an option of the backend</td></tr>
 * <tr><td>{@code opensva.rules}</td><td>a glob over rule ids; default {@code *}</td></tr>
 * <tr><td>{@code opensva.layer}</td><td>{@code iommu}, {@code ats} or {@code queue}: the rules of
 * that part only</td></tr>
 * <tr><td>{@code opensva.seed}</td><td>seed of all random choices, decimal or {@code 0x}
 * hexadecimal</td></tr>
 * <tr><td>{@code opensva.timeout.factor}</td><td>scales every limit, above 1
 * also those of a backend that has the option {@code timeout-factor}; default 1</td></tr>
 * </table>
 *
 * <h2>From a program</h2>
 *
 * {@snippet lang=java :
 * ConformanceResult result =
 *         ConformanceRun.builder()
 *                 .catalog(BackendCatalog.load(loaders))
 *                 .backend("emulated:smmuv3")
 *                 .rules("UNMAP-*")
 *                 .seed(42)
 *                 .listener(progress)
 *                 .run();
 * }
 *
 * <h2>How verdicts come about</h2>
 *
 * <p>A test is a method of a class marked {@link org.opensva.conformance.suite.RuleTests}, names
 * its rules by {@link org.opensva.conformance.suite.Covers}, and works on a {@link
 * org.opensva.conformance.suite.bench.TestBench}. The verdict of a rule is the worst of its tests:
 * failed, inconclusive, passed, not observable. A rule whose capability expression does not hold is
 * not applicable; a white-box rule without introspection, a rule that no test observes, and an
 * untestable one are not observable. No rule passes without a test that ran.
 *
 * <p>After each test the backend is audited: what the test opened is closed, and where there is
 * introspection every resource must be back at what it was.
 *
 * <p>Not here: the tests ({@code org.opensva.conformance.tests}), the rules, reports, the command
 * line.
 */
@NullMarked
package org.opensva.conformance.suite;

import org.jspecify.annotations.NullMarked;
