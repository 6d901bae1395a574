package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;

/** Told of what becomes of commands at the agents, on their loops, with {@link System#nanoTime()} of the moment. */
interface CommandWatcher {
    CommandWatcher NONE = new CommandWatcher() {};

    /** The agent's WebSocket layer handed up the Command; also for each repeated offer. */
    default void received(CommandId id, long atNs) {}

    /** The agent's CommandAck is in the socket's buffer, written in the same turn of the loop. */
    default void acknowledged(CommandId id, long atNs) {}

    /** The (simulated) process ran. */
    default void executed(CommandId id) {}

    /** The server confirmed the result: it is committed there. */
    default void resultConfirmed(CommandId id, long atNs) {}
}
