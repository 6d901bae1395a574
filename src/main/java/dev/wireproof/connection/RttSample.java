package dev.wireproof.connection;

import java.util.Arrays;

/** The last 32 Ping round trips of a connection, in microseconds. Few on purpose: it is there ten thousand times. */
final class RttSample {
    private static final int SIZE = 32;

    private int[] micros = new int[4]; // guarded by this, as is all below
    private int count;

    synchronized void add(long nanos) {
        if (count == micros.length && count < SIZE) {
            micros = Arrays.copyOf(micros, micros.length * 2);
        }
        micros[count % micros.length] = (int) Math.min(Integer.MAX_VALUE, nanos / 1_000);
        count = count + 1 < 0 ? SIZE : count + 1;
    }

    /** Last, median and 99th percentile; empty when no Pong came. */
    synchronized long[] summary() {
        if (count == 0) {
            return new long[0];
        }
        int last = micros[(count - 1) % micros.length];
        int size = Math.min(count, micros.length);
        int[] sorted = Arrays.copyOf(micros, size);
        Arrays.sort(sorted);
        return new long[] {last, sorted[(size - 1) / 2], sorted[(int) Math.ceil(size * 0.99) - 1]};
    }
}
