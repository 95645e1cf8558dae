/**
 * PCI Express Address Translation Services as messages and ports: translation requests and
 * completions, invalidate requests and completions, page requests and page group responses.
 *
 * <p>The two ends meet here: the {@link org.opensva.api.ats.TranslationAgent} (the IOMMU hardware)
 * gives each device an {@link org.opensva.api.ats.AgentPort}, and sends to its {@link
 * org.opensva.api.ats.DevicePort}. A vendor of an ATC implements {@link
 * org.opensva.api.ats.EndpointFactory}; a vendor of an IOMMU implements {@link
 * org.opensva.api.ats.TranslationAgent}.
 *
 * <p>Section numbers are those of PCI Express Base 6.x chapter 10. Not here: TLP bytes (module
 * {@code ats}) and IOMMU commands.
 */
@NullMarked
package org.opensva.api.ats;

import org.jspecify.annotations.NullMarked;
