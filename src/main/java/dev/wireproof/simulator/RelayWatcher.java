package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;

/** Hands the news of one fleet to whichever load run is on. */
final class RelayWatcher implements CommandWatcher {
    private volatile CommandWatcher to = NONE;

    void to(CommandWatcher next) {
        to = next;
    }

    @Override
    public void received(CommandId id, long atNs) {
        to.received(id, atNs);
    }

    @Override
    public void acknowledged(CommandId id, long atNs) {
        to.acknowledged(id, atNs);
    }

    @Override
    public void executed(CommandId id) {
        to.executed(id);
    }

    @Override
    public void resultConfirmed(CommandId id, long atNs) {
        to.resultConfirmed(id, atNs);
    }
}
