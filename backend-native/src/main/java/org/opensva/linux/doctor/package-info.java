/**
 * What this host allows, found out step by step: what is there, what is not, why, and what would
 * enable it.
 *
 * <p>Start with {@link org.opensva.linux.doctor.Doctor}. What it finds decides which way the
 * backend takes; nothing is assumed from a version number.
 *
 * <p>Not here: anything that runs longer than the examination.
 */
@NullMarked
package org.opensva.linux.doctor;

import org.jspecify.annotations.NullMarked;
