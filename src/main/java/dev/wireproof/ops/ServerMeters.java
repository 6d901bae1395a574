package dev.wireproof.ops;

import dev.wireproof.command.DeliveryLoad;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameCounts;
import dev.wireproof.telemetry.FrameRecorder;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Meters over what other rooms count for themselves: read when someone scrapes, and free otherwise. */
final class ServerMeters implements MeterBinder {
    private static final List<String> CONTROL = List.of("ping", "pong", "close", "other");

    private final String version;
    private final DeliveryLoad load;
    private final FrameRecorder recorder;
    private final DatabaseWatch database;

    ServerMeters(String version, DeliveryLoad load, FrameRecorder recorder, DatabaseWatch database) {
        this.version = version;
        this.load = load;
        this.recorder = recorder;
        this.database = database;
    }

    @Override
    public void bindTo(MeterRegistry meters) {
        Gauge.builder("wireproof.build.info", () -> 1)
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(meters);
        Gauge.builder("wireproof.database.up", database, watch -> watch.fault() == null ? 1 : 0)
                .register(meters);
        Gauge.builder("wireproof.database.answer", database, DatabaseWatch::tookSeconds)
                .baseUnit("seconds")
                .register(meters);
        Gauge.builder("wireproof.database.durable", database, ServerMeters::durable)
                .register(meters);
        Gauge.builder("wireproof.store.waiting", load, DeliveryLoad::waitingToBeStored)
                .register(meters);
        FunctionCounter.builder("wireproof.reports.dropped", load, DeliveryLoad::droppedReports)
                .register(meters);
        frames(meters, Direction.IN, Stream.concat(names(AgentMessage.class), Stream.of("binary", "unusable")));
        frames(meters, Direction.OUT, names(ServerMessage.class));
    }

    /** 1: a commit is on the disk; 0: it may be lost; not a number: not known yet. */
    private static double durable(DatabaseWatch watch) {
        List<String> weaknesses = watch.weaknesses();
        return weaknesses == null ? Double.NaN : weaknesses.isEmpty() ? 1 : 0;
    }

    /** A message's record has the message's name. */
    private static Stream<String> names(Class<?> messages) {
        return Arrays.stream(messages.getPermittedSubclasses()).map(Class::getSimpleName);
    }

    private void frames(MeterRegistry meters, Direction direction, Stream<String> texts) {
        FrameCounts counts = recorder.counts();
        Stream.concat(texts, CONTROL.stream())
                .forEach(type -> FunctionCounter.builder("wireproof.frames", counts, all -> all.count(direction, type))
                        .tag("direction", direction.wireName())
                        .tag("type", type)
                        .register(meters));
        FunctionCounter.builder("wireproof.frame", counts, all -> all.bytes(direction))
                .tag("direction", direction.wireName())
                .baseUnit("bytes")
                .register(meters);
    }
}
