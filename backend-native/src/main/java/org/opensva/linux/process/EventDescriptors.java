package org.opensva.linux.process;

import org.jspecify.annotations.Nullable;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.agent.AgentChannel;

/** How a process gets a userfaultfd; every one of its own memory is an own descriptor. */
public enum EventDescriptors {
    /** {@code userfaultfd(2)} with {@code UFFD_USER_MODE_ONLY}, which needs no privilege. */
    USER_MODE {
        @Override
        long open(AgentChannel agent) {
            return agent.call(
                    SystemCall.USERFAULTFD, Userfaultfd.FLAGS | Userfaultfd.USER_MODE_ONLY);
        }
    },
    /** {@code userfaultfd(2)} as it was before Linux 5.11, or where it needs a privilege. */
    FULL {
        @Override
        long open(AgentChannel agent) {
            return agent.call(SystemCall.USERFAULTFD, Userfaultfd.FLAGS);
        }
    },
    /** {@code USERFAULTFD_IOC_NEW} of {@code /dev/userfaultfd}, since Linux 6.1. */
    DEVICE {
        @Override
        long open(AgentChannel agent) {
            long path = agent.scratch(PATH, "/dev/userfaultfd");
            long device = agent.call(SystemCall.OPENAT, AT_FDCWD, path, O_RDWR_CLOEXEC);
            if (device < 0) {
                return device;
            }
            long result =
                    agent.call(SystemCall.IOCTL, device, Userfaultfd.IOCTL_NEW, Userfaultfd.FLAGS);
            agent.call(SystemCall.CLOSE, device);
            return result;
        }
    },
    /** There is none. */
    NONE {
        @Override
        long open(AgentChannel agent) {
            return -1;
        }
    };

    private static final long AT_FDCWD = -100;
    private static final long O_RDWR_CLOEXEC = 0x80002;
    private static final int PATH = 1024;

    /**
     * Has an agent open one.
     *
     * @return a descriptor of the agent, or a negative error number
     */
    abstract long open(AgentChannel agent);

    /**
     * Has an agent open one, and takes it away: a copy in the process would keep the process
     * blocked when this side is gone.
     *
     * @param agent the agent
     * @return the descriptor, or null if there is none
     */
    public @Nullable Descriptor take(AgentChannel agent) {
        long opened = open(agent);
        if (opened < 0) {
            return null;
        }
        try {
            return agent.take(opened);
        } finally {
            agent.call(SystemCall.CLOSE, opened);
        }
    }
}
