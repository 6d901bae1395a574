package dev.wireproof.command;

/** What waits inside of this room, as of now. Never blocks. */
public interface DeliveryLoad {

    /** Events that wait to be stored. */
    int waitingToBeStored();

    /** Reports of agents that were dropped because too much waited, since the start. */
    long droppedReports();
}
