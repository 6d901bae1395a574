package dev.wireproof.connection;

import static org.awaitility.Awaitility.await;

import java.util.function.Supplier;

/** Makes a connection's kernel buffers full, so that a write to a peer that does not read stands. */
final class Congestion {
    private static final OutboundText LARGE = OutboundText.of("Filler", "x".repeat(256 * 1024), null, false);

    private Congestion() {}

    static void fill(Connection connection) {
        fill(connection, LARGE, () -> SendObserver.NONE);
    }

    /** @param observers one for each text */
    static void fill(Connection connection, OutboundText text, Supplier<? extends SendObserver> observers) {
        await().until(() -> {
            while (connection.outbox().bytes() < 2L * text.bytes()) {
                connection.send(text, observers.get());
            }
            long before = connection.count(Count.BYTES_OUT);
            Outgoing writing = connection.outbox().writing();
            // Nothing moved between two looks, with room for the kernel's own growing of its buffers in between.
            for (int looks = 0; looks < 1_000; looks++) {
                Thread.onSpinWait();
            }
            return writing != null
                    && connection.outbox().writing() == writing
                    && connection.count(Count.BYTES_OUT) == before
                    && connection.outbox().bytes() >= 2L * text.bytes();
        });
    }
}
