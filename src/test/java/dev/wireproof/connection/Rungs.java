package dev.wireproof.connection;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the rungs that it is told of, by name. */
final class Rungs implements SendObserver {
    final List<String> seen = new CopyOnWriteArrayList<>();
    volatile long fence = -1;

    @Override
    public void writeStarted(long atNs) {
        seen.add("started");
    }

    @Override
    public void fenced(long fenceSeq) {
        seen.add("fenced");
        fence = fenceSeq;
    }

    @Override
    public void written(long atNs) {
        seen.add("written");
    }

    @Override
    public void writeFailed(long atNs, String error) {
        seen.add("failed");
    }

    @Override
    public void neverWritten(long atNs) {
        seen.add("never");
    }

    @Override
    public void peerRead(long atNs, long fenceRttNs) {
        seen.add("read");
    }
}
