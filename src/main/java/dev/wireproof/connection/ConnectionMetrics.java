package dev.wireproof.connection;

import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ServerMessage.RejectCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Counts for operators, described in {@code docs/metrics.md}. No tag names an agent or a connection; close codes are tags only where the
 * protocol knows them. Everything that can happen has its meter from the start, so that nothing appears only when it is too late to alert.
 */
final class ConnectionMetrics {
    /** Why the server ended a connection that it found wanting. */
    enum Eviction {
        SILENCE,
        WRITE_STALL,
        OUTBOUND_UNPROVEN
    }

    private static final Duration[] RTT_BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(45)
    };

    private final MeterRegistry meters;
    private final Counter opened;
    private final Counter superseded;
    private final Counter conflicts;
    private final Counter unusable;
    private final Counter writeFailures;
    private final Counter queueFull;
    private final Counter pongsMissed;
    private final Counter echoesMissed;
    private final Timer pingRtt;
    private final Timer lifetime;
    private final ConcurrentHashMap<String, Counter> tagged = new ConcurrentHashMap<>();

    ConnectionMetrics(MeterRegistry meters) {
        this.meters = meters;
        this.opened = meters.counter("wireproof.connections.opened");
        this.superseded = meters.counter("wireproof.connections.superseded");
        this.conflicts = meters.counter("wireproof.identity.conflicts");
        this.unusable = meters.counter("wireproof.messages.unusable");
        this.writeFailures = meters.counter("wireproof.frame.write.failures");
        this.queueFull = meters.counter("wireproof.outbound.queue.full");
        this.pongsMissed = meters.counter("wireproof.pongs.missed");
        this.echoesMissed = meters.counter("wireproof.echoes.missed");
        this.pingRtt = Timer.builder("wireproof.ping.rtt")
                .serviceLevelObjectives(RTT_BUCKETS)
                .register(meters);
        this.lifetime = Timer.builder("wireproof.connection.lifetime")
                .serviceLevelObjectives(
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(10),
                        Duration.ofHours(1),
                        Duration.ofHours(24))
                .register(meters);
        for (Eviction why : Eviction.values()) {
            counter("wireproof.connections.evicted", "cause", name(why));
        }
        for (RejectCode why : RejectCode.values()) {
            counter("wireproof.auth.failures", "reason", name(why));
        }
        for (CloseCode code : CloseCode.values()) {
            counter("wireproof.connections.closed", "code", Integer.toString(code.code()));
        }
        counter("wireproof.connections.closed", "code", "none");
        counter("wireproof.upgrades.refused", "status", "503");
    }

    <T> void gauge(String name, T source, ToDoubleFunction<T> value) {
        Gauge.builder(name, source, value).register(meters);
    }

    <T> void gauge(String name, String tag, String tagValue, T source, ToDoubleFunction<T> value) {
        Gauge.builder(name, source, value).tag(tag, tagValue).register(meters);
    }

    <T> void count(String name, T source, ToDoubleFunction<T> value) {
        FunctionCounter.builder(name, source, value).register(meters);
    }

    <T> void count(String name, String tag, String tagValue, T source, ToDoubleFunction<T> value) {
        FunctionCounter.builder(name, source, value).tag(tag, tagValue).register(meters);
    }

    void opened() {
        opened.increment();
    }

    void superseded() {
        superseded.increment();
    }

    void conflict() {
        conflicts.increment();
    }

    void evicted(Eviction why) {
        counter("wireproof.connections.evicted", "cause", name(why)).increment();
    }

    void unusable() {
        unusable.increment();
    }

    void writeFailed() {
        writeFailures.increment();
    }

    void queueFull() {
        queueFull.increment();
    }

    void pongMissed() {
        pongsMissed.increment();
    }

    void echoMissed() {
        echoesMissed.increment();
    }

    void ponged(long rttNs) {
        pingRtt.record(rttNs, TimeUnit.NANOSECONDS);
    }

    void authRefused(RejectCode why) {
        counter("wireproof.auth.failures", "reason", name(why)).increment();
    }

    void upgradeRefused(int status) {
        counter("wireproof.upgrades.refused", "status", Integer.toString(status))
                .increment();
    }

    /** @param code null when the socket ended without a Close */
    void closed(@Nullable Integer code, long livedNs) {
        String tag = code == null ? "none" : CloseCode.of(code).isPresent() ? code.toString() : "other";
        counter("wireproof.connections.closed", "code", tag).increment();
        lifetime.record(livedNs, TimeUnit.NANOSECONDS);
    }

    private Counter counter(String name, String tag, String value) {
        return tagged.computeIfAbsent(name + ' ' + value, _ -> meters.counter(name, tag, value));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
