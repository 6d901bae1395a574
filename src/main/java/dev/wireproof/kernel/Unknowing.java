package dev.wireproof.kernel;

import java.util.Collection;

/** The kernel's view where there is none. */
record Unknowing(String why) implements SocketDiag {
    @Override
    public boolean answers() {
        return false;
    }

    @Override
    public SocketReading read(SocketAddresses socket) {
        return new SocketReading.Unknown(why);
    }

    @Override
    public SocketCensus census(int localPort) {
        return new SocketCensus.Unknown(why);
    }

    @Override
    public SocketCensus readAll(Collection<SocketAddresses> sockets) {
        return new SocketCensus.Unknown(why);
    }
}
