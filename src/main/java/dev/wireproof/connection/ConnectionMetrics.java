package dev.wireproof.connection;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Counts for operators. No tag names an agent; close codes are tags only where the protocol knows them. */
final class ConnectionMetrics {
    private final MeterRegistry meters;
    private final Counter opened;
    private final Counter evicted;
    private final Counter unusable;
    private final ConcurrentHashMap<String, Counter> closed = new ConcurrentHashMap<>();

    ConnectionMetrics(MeterRegistry meters) {
        this.meters = meters;
        this.opened = meters.counter("wireproof.connections.opened");
        this.evicted = meters.counter("wireproof.connections.evicted");
        this.unusable = meters.counter("wireproof.messages.unusable");
    }

    <T> void gauge(String name, T source, ToDoubleFunction<T> value) {
        meters.gauge(name, source, value);
    }

    <T> void gauge(String name, Tags tags, T source, ToDoubleFunction<T> value) {
        meters.gauge(name, tags, source, value);
    }

    void opened() {
        opened.increment();
    }

    void evicted() {
        evicted.increment();
    }

    void unusable() {
        unusable.increment();
    }

    void closed(@Nullable Integer code) {
        String tag = code == null
                ? "none"
                : dev.wireproof.protocol.CloseCode.of(code).isPresent() ? code.toString() : "other";
        closed.computeIfAbsent(tag, t -> meters.counter("wireproof.connections.closed", "code", t))
                .increment();
    }
}
