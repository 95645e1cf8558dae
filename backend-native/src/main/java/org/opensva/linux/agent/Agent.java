package org.opensva.linux.agent;

import org.opensva.linux.abi.Descriptor;

/**
 * A process that runs the agent.
 *
 * @param pid its process id; nobody else gets it before {@link Keeper#reap}
 * @param pidfd a descriptor of the process; readable once it has ended
 * @param channel the conversation with it
 */
public record Agent(int pid, Descriptor pidfd, AgentChannel channel) implements AutoCloseable {

    /** Closes channel and descriptor; the agent ends when its socket is closed. */
    @Override
    public void close() {
        channel.close();
        pidfd.close();
    }
}
