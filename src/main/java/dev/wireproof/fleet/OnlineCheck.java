package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;

/**
 * Asks whether an agent has a live connection. Enrolment needs to know (an AuthAck can only have been lost on a connection that has
 * ended), and connections are the matter of a room above this one, so whoever knows provides this bean. Never blocks.
 */
@FunctionalInterface
public interface OnlineCheck {
    boolean online(AgentId agent);
}
