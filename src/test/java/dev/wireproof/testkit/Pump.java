package dev.wireproof.testkit;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries one direction of one connection: a thread that reads and notes when, a bounded queue, and a thread that writes when the
 * {@link Leg} lets it.
 */
final class Pump {
    private static final int CHUNK = 32 * 1024;
    private static final int CHUNKS = 64;
    /** Of a slow line, so that it is slow and not only late. */
    private static final int WRITES_PER_SECOND = 20;

    @SuppressWarnings("ArrayRecordComponent") // handed from one thread to the other, never compared
    private record Chunk(byte[] bytes, long cameNs, CountDownLatch passed) {}

    private static final Chunk END = new Chunk(new byte[0], 0, new CountDownLatch(0));

    private final Link link;
    private final Leg leg;
    private final Socket from;
    private final Socket to;
    private final BlockingQueue<Chunk> queue = new ArrayBlockingQueue<>(CHUNKS);
    private volatile boolean halfClosed;

    Pump(Link link, Leg leg, Socket from, Socket to) {
        this.link = link;
        this.leg = leg;
        this.from = from;
        this.to = to;
    }

    void start() {
        leg.joined(this);
        Thread.ofVirtual().name("proxy-read").start(this::read);
        Thread.ofVirtual().name("proxy-write").start(this::write);
    }

    private void read() {
        try {
            byte[] buffer = new byte[CHUNK];
            for (int n = from.getInputStream().read(buffer);
                    n >= 0;
                    n = from.getInputStream().read(buffer)) {
                if (!leg.discards()) {
                    Chunk chunk = new Chunk(Arrays.copyOf(buffer, n), System.nanoTime(), new CountDownLatch(1));
                    queue.put(chunk);
                    if (leg.rate() > 0) { // a slow line keeps nobody's backlog: its sender has to wait
                        chunk.passed().await();
                    }
                }
            }
            queue.put(END);
        } catch (SocketTimeoutException idle) {
            link.end();
            queue.offer(END);
        } catch (IOException e) {
            link.reset();
            queue.offer(END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        Chunk inHand = END;
        try {
            for (Chunk chunk = queue.take(); chunk != END; chunk = queue.take()) {
                inHand = chunk;
                waitUntil(chunk.cameNs() + leg.delayed().toNanos());
                waitUntil(System.nanoTime() + leg.retransmissions().toNanos());
                if (!pass(leg.flipped(chunk.bytes()))) {
                    return;
                }
                chunk.passed().countDown();
            }
            leg.awaitRelease();
            if (!halfClosed) {
                to.shutdownOutput();
            }
        } catch (IOException e) {
            link.reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            inHand.passed().countDown();
            halted();
            leg.left(this);
            link.directionEnded();
        }
    }

    /** The reader may wait for room, or for its chunk to pass. */
    private void halted() {
        for (Chunk chunk = queue.poll(); chunk != null; chunk = queue.poll()) {
            chunk.passed().countDown();
        }
    }

    /** @return false when that was the connection's end */
    private boolean pass(byte[] bytes) throws IOException, InterruptedException {
        byte[] rest = bytes;
        for (Leg.Sprung sprung = leg.spring(this, rest); sprung != null; sprung = leg.spring(this, rest)) {
            Trap trap = sprung.trap();
            if (trap.act() == Trap.Act.MARK) {
                trap.mark(link);
                trap.sprang();
                continue;
            }
            int until = trap.act().before() ? Math.max(0, sprung.end() - trap.length()) : sprung.end();
            put(Arrays.copyOf(rest, until));
            rest = Arrays.copyOfRange(rest, until, rest.length);
            if (trap.act().cuts()) {
                link.reset();
                trap.sprang();
                return false;
            }
            trap.sprang();
            trap.awaitRelease();
        }
        put(rest);
        return true;
    }

    private void put(byte[] bytes) throws IOException, InterruptedException {
        leg.awaitRelease();
        int most = largestWrite(bytes.length);
        for (int at = 0; at < bytes.length; at += most) {
            int n = Math.min(most, bytes.length - at);
            long begunNs = System.nanoTime();
            if (!halfClosed) {
                to.getOutputStream().write(bytes, at, n);
            }
            if (leg.rate() > 0) {
                waitUntil(begunNs + n * 1_000_000_000L / leg.rate());
            }
            leg.awaitRelease();
        }
    }

    private int largestWrite(int bytes) {
        int most = leg.largestWrite() > 0 ? leg.largestWrite() : Math.max(1, bytes);
        return leg.rate() > 0 ? (int) Math.clamp(leg.rate() / WRITES_PER_SECOND, 1, most) : most;
    }

    Link link() {
        return link;
    }

    void halfClose() {
        halfClosed = true;
        try {
            to.shutdownOutput();
        } catch (IOException e) {
            // it ended by itself
        }
    }

    private static void waitUntil(long ns) {
        for (long left = ns - System.nanoTime(); left > 0; left = ns - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
