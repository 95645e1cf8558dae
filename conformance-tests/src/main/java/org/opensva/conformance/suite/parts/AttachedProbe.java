package org.opensva.conformance.suite.parts;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * A device of the suite under the control of the driver under test, with the suite in the place of
 * the SVA core as well: it chooses PASIDs and serves page faults.
 *
 * @param probe the device
 * @param driver the driver
 * @param device the device as the driver controls it
 */
public record AttachedProbe(ProbeDevice probe, IommuDriver driver, AttachedDevice device) {

    /**
     * Plugs a device in and attaches it.
     *
     * @param bench the bench, which detaches and unplugs it
     * @param traits what the device can do
     * @param faults who serves its page faults
     * @return the attached device
     */
    public static AttachedProbe of(TestBench bench, ProbeTraits traits, PageFaultHandler faults) {
        IommuDriver driver =
                bench.parts()
                        .iommuDriver()
                        .orElseThrow(() ->
                                new NotObservable("the backend does not show its IOMMU's driver"));
        ProbeDevice probe = ProbeDevice.plug(bench, traits);
        bench.step("the driver attaches a device of the suite");
        return new AttachedProbe(probe, driver, bench.adopt(driver.attach(probe, faults)));
    }

    /**
     * Makes a domain, closed by the bench after everything that uses it.
     *
     * @param process whose address space
     * @return the domain
     */
    public SvaDomain domain(SvaProcess process) {
        return driver.createDomain(process.addressSpace());
    }

    /**
     * Makes a PASID translate.
     *
     * @param pasid 1 and up
     * @param domain through what
     */
    public void bind(int pasid, SvaDomain domain) {
        device.bind(new Pasid(pasid), domain);
    }

    /**
     * Makes a PASID stop translating.
     *
     * @param pasid the PASID
     */
    public void unbind(int pasid) {
        device.unbind(new Pasid(pasid));
    }
}
