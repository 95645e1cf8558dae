/**
 * Random programs of processes and devices, run beside the contract.
 *
 * <p>A {@link org.opensva.conformance.programs.Program} is a list of {@link
 * org.opensva.conformance.programs.Step steps}: system calls, loads and stores of several
 * processes, and accesses of the devices bound to them. The {@link
 * org.opensva.conformance.programs.ReferenceModel} knows what each step must show; it has no
 * caches, no page tables and no hardware, only the contract: one cell for each page of each address
 * space. The {@link org.opensva.conformance.programs.ProgramRunner} does the same steps on a
 * backend, and what differs is a {@link org.opensva.conformance.programs.Finding}, which the {@link
 * org.opensva.conformance.programs.Shrinker} makes small. A program has a text, so that it can be
 * kept, edited and run again.
 *
 * <p>A step that makes no sense in its place, because what it needs was left out, is skipped: every
 * list of steps is a program. That is what makes shrinking simple.
 *
 * <p>Not here: verdicts about rules ({@code org.opensva.conformance.tests}), command-line options.
 */
@NullMarked
package org.opensva.conformance.programs;

import org.jspecify.annotations.NullMarked;
