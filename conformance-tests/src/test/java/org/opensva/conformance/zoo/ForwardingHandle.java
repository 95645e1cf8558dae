package org.opensva.conformance.zoo;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.List;

/** A handle that leaves everything to another one, and whose copies do too. */
abstract class ForwardingHandle implements QueueHandle {

    private final QueueHandle to;

    ForwardingHandle(QueueHandle to) {
        this.to = to;
    }

    QueueHandle sound() {
        return to;
    }

    /** Decorates a copy that another process gets of this handle. */
    abstract QueueHandle around(QueueHandle copy);

    @Override
    public Accelerator accelerator() {
        return to.accelerator();
    }

    @Override
    public SvaProcess holder() {
        return to.holder();
    }

    @Override
    public int fd() {
        return to.fd();
    }

    @Override
    public QueueState state() {
        return to.state();
    }

    @Override
    public Pasid pasid() {
        return to.pasid();
    }

    @Override
    public void start() {
        to.start();
    }

    @Override
    public void putQueue() {
        to.putQueue();
    }

    @Override
    public void control(int command) {
        to.control(command);
    }

    @Override
    public long ioctl(int command, long argument) {
        return to.ioctl(command, argument);
    }

    @Override
    public long mapRegion(QueueRegion region) {
        return to.mapRegion(region);
    }

    @Override
    public long submit(Job job) {
        return to.submit(job);
    }

    @Override
    public long[] submitAll(List<Job> jobs) {
        return to.submitAll(jobs);
    }

    @Override
    public boolean poll(Duration timeout) {
        return to.poll(timeout);
    }

    @Override
    public JobResult await(long ticket, Duration timeout) {
        return to.await(ticket, timeout);
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        return around(to.inheritedBy(child));
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        return around(to.passTo(receiver));
    }

    @Override
    public void close() {
        to.close();
    }
}
