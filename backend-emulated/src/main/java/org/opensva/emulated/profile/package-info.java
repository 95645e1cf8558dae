/**
 * What a machine is made of, as a document: page tables, IOMMU, devices, memory.
 *
 * <p>The variants of the backend are such documents beside this package; users bring their own. A
 * document is read completely and checked before anything is built; whatever is wrong with it is
 * said in one line that names the field.
 *
 * <p>Not here: building a machine of a profile, which is the wiring's business.
 */
@NullMarked
package org.opensva.emulated.profile;

import org.jspecify.annotations.NullMarked;
