package dev.wireproof.simulator;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.SplittableRandom;

/** What the agents of one loop share. Only {@code clock}, {@code stats} and {@code watcher} are safe for other threads. */
final class Shard {
    final EventLoop loop;
    final InstantSource clock;
    final FleetStats stats;
    final CommandWatcher watcher;
    final SplittableRandom random;
    private final MessageDigest sha256;
    private long pid = 100_000;

    Shard(EventLoop loop, InstantSource clock, FleetStats stats, CommandWatcher watcher, SplittableRandom random) {
        this.loop = loop;
        this.clock = clock;
        this.stats = stats;
        this.watcher = watcher;
        this.random = random;
        try {
            this.sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Lower-case hex. */
    String sha256(byte[] buffer, int offset, int length) {
        sha256.update(buffer, offset, length);
        return HexFormat.of().formatHex(sha256.digest());
    }

    /** No process stands behind it. */
    long nextPid() {
        return pid++;
    }

    /** Evenly between {@code 1 - share} and {@code 1 + share} times the value. */
    long jittered(long value, double share) {
        return Math.round(value * (1 - share + 2 * share * random.nextDouble()));
    }
}
