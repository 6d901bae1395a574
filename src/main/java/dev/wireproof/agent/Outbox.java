package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one connection is to write, most urgent first: Pongs, then answers and heartbeats, then deliveries. Putting never
 * blocks. Output is not held here: it is read from disk when its turn comes.
 */
final class Outbox {
    /** A Pong for a later Ping answers the earlier ones (RFC 6455 §5.5.3). */
    private static final int MAX_PONGS = 64;
    /** Answers are as many as the server's questions: so many unread ones mean that it does not read. */
    private static final int MAX_TEXTS = 4_096;

    record Item(int opcode, byte[] payload) {}

    private final Deliveries deliveries;
    private final LinkedHashMap<CommandId, Delivery.Cursor> cursors = new LinkedHashMap<>();
    // All below: guarded by this.
    private final ArrayDeque<byte[]> pongs = new ArrayDeque<>();
    private final ArrayDeque<String> texts = new ArrayDeque<>();
    private final Set<CommandId> repeats = new HashSet<>();
    private byte @Nullable [] close;
    private boolean delivering;
    private boolean changed;

    Outbox(Deliveries deliveries) {
        this.deliveries = deliveries;
    }

    synchronized void pong(byte[] payload) {
        if (pongs.size() == MAX_PONGS) {
            pongs.removeFirst();
        }
        pongs.add(payload);
        wake();
    }

    /** @return false when the server leaves too much unread: the connection is of no use */
    synchronized boolean text(String text) {
        if (texts.size() == MAX_TEXTS) {
            return false;
        }
        texts.add(text);
        wake();
        return true;
    }

    /** Nothing is written after it. The first one counts. */
    synchronized void close(byte[] payload) {
        if (close == null) {
            close = payload;
            wake();
        }
    }

    /** After AuthAck: from now on deliveries are told. */
    synchronized void startDelivering() {
        delivering = true;
        wake();
    }

    /** The server asked for this result again. */
    synchronized void repeatResult(CommandId commandId) {
        repeats.add(commandId);
        wake();
    }

    /** There may be something new to deliver. */
    synchronized void wake() {
        changed = true;
        notifyAll();
    }

    /** Waits for the next frame to write. Called by the one writing thread. */
    Item take() throws InterruptedException {
        while (true) {
            Set<CommandId> again;
            boolean deliver;
            synchronized (this) {
                changed = false;
                if (close != null) {
                    return new Item(FrameWriter.CLOSE, close);
                }
                if (!pongs.isEmpty()) {
                    return new Item(FrameWriter.PONG, pongs.removeFirst());
                }
                if (!texts.isEmpty()) {
                    return text(texts.removeFirst(), FrameWriter.TEXT);
                }
                again = Set.copyOf(repeats);
                repeats.clear();
                deliver = delivering;
            }
            // Reads files: outside of the lock, a Pong may be put meanwhile.
            String next = deliver ? nextDelivery(again) : null;
            if (next != null) {
                return text(next, FrameWriter.TEXT);
            }
            synchronized (this) {
                while (!changed) {
                    wait();
                }
            }
        }
    }

    private static Item text(String text, int opcode) {
        return new Item(opcode, text.getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable String nextDelivery(Set<CommandId> again) {
        for (Delivery delivery : deliveries.all()) {
            Delivery.Cursor cursor = cursors.get(delivery.commandId());
            if (cursor == null || cursor.delivery() != delivery) {
                cursor = delivery.cursor();
                cursors.put(delivery.commandId(), cursor);
            }
            if (again.contains(delivery.commandId())) {
                cursor.repeatResult();
            }
        }
        cursors.values().removeIf(cursor -> deliveries.find(cursor.delivery().commandId()) != cursor.delivery());
        for (Delivery.Cursor cursor : cursors.values()) {
            String next = cursor.next();
            if (next != null) {
                takeTurns(cursor);
                return next;
            }
        }
        return null;
    }

    /** A command with much output must not keep the others' waiting: whoever had its turn goes to the end. */
    private void takeTurns(Delivery.Cursor cursor) {
        cursors.remove(cursor.delivery().commandId());
        cursors.put(cursor.delivery().commandId(), cursor);
    }
}
