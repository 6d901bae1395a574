package dev.wireproof.ops;

import dev.wireproof.command.Certainty;
import dev.wireproof.command.CommandState;
import dev.wireproof.command.DeliveryObserver;
import dev.wireproof.command.OfferReason;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.NackCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Counts what becomes of commands. Every meter exists from the start, so that a rate over "since the start" is never missing its first
 * value. Called once for each event of a command on the threads that store, so each call is an addition or two.
 */
final class DeliveryMetrics implements DeliveryObserver {
    private static final Duration[] BUCKETS = {
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
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(300)
    };

    /** What a message's way may take is far less, and what people would stumble over in logs is more. */
    private static final Duration CLOCKS_APART = Duration.ofSeconds(30);

    private final InstantSource clock;
    private final Counter clockAgrees;
    private final Counter clockApart;
    private final Consumer<CommandId> whenEnded;
    private final Counter stored;
    private final Counter late;
    private final Counter storeFailures;
    private final Counter settled;
    private final Timer acknowledged;
    private final Timer started;
    private final Timer finished;
    private final Timer storing;
    private final Timer reaping;
    private final Map<Leg, Timer> legs = new EnumMap<>(Leg.class);
    private final Map<NackCode, Counter> nacks = new EnumMap<>(NackCode.class);
    private final Map<OfferReason, Map<Taken, Counter>> offers = new EnumMap<>(OfferReason.class);
    private final Map<CommandState, Map<Certainty, Counter>> ends = new EnumMap<>(CommandState.class);
    private volatile double lastReapedS;

    /** @param whenEnded is told of each end; returns at once */
    DeliveryMetrics(MeterRegistry meters, InstantSource clock, Consumer<CommandId> whenEnded) {
        this.clock = clock;
        this.whenEnded = whenEnded;
        this.stored = meters.counter("wireproof.commands.submitted");
        this.late = meters.counter("wireproof.late.ends");
        this.storeFailures = meters.counter("wireproof.store.failures");
        this.settled = meters.counter("wireproof.reaper.examined");
        this.acknowledged = histogram(meters, "wireproof.ack.duration");
        this.started = histogram(meters, "wireproof.start.duration");
        this.finished = histogram(meters, "wireproof.result.duration");
        this.storing = histogram(meters, "wireproof.store.duration");
        this.clockAgrees = meters.counter("wireproof.agent.clocks", "apart", "false");
        this.clockApart = meters.counter("wireproof.agent.clocks", "apart", "true");
        this.reaping = histogram(meters, "wireproof.reaper.run.duration");
        for (Leg leg : Leg.values()) {
            legs.put(leg, histogram(meters, "wireproof.leg.duration", "leg", name(leg)));
        }
        for (NackCode code : NackCode.values()) {
            nacks.put(code, meters.counter("wireproof.nacks", "code", name(code)));
        }
        for (OfferReason reason : OfferReason.values()) {
            Map<Taken, Counter> byOutcome = new EnumMap<>(Taken.class);
            for (Taken taken : Taken.values()) {
                byOutcome.put(
                        taken, meters.counter("wireproof.offers", "reason", reason.wireName(), "outcome", name(taken)));
            }
            offers.put(reason, byOutcome);
        }
        for (CommandState state : CommandState.values()) {
            if (state.ended()) {
                Map<Certainty, Counter> byCertainty = new EnumMap<>(Certainty.class);
                for (Certainty certainty : Certainty.values()) {
                    byCertainty.put(
                            certainty,
                            meters.counter(
                                    "wireproof.commands.ended",
                                    "state",
                                    state.wireName(),
                                    "certainty",
                                    certainty.wireName()));
                }
                ends.put(state, byCertainty);
            }
        }
        Gauge.builder("wireproof.reaper.last.success.timestamp", () -> lastReapedS)
                .baseUnit("seconds")
                .register(meters);
    }

    private static Timer histogram(MeterRegistry meters, String name, String... tags) {
        return Timer.builder(name).tags(tags).serviceLevelObjectives(BUCKETS).register(meters);
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void stored() {
        stored.increment();
    }

    @Override
    public void offered(OfferReason reason, Taken taken) {
        count(offers.get(reason), taken);
    }

    @Override
    public void climbed(Leg leg, long ns) {
        Timer timer = legs.get(leg);
        if (timer != null) {
            timer.record(ns, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void nacked(NackCode code) {
        count(nacks, code);
    }

    @Override
    public void acknowledged(Duration sinceOffer) {
        acknowledged.record(sinceOffer);
    }

    @Override
    public void started(Duration sinceAck) {
        started.record(sinceAck);
    }

    @Override
    public void agentClock(Duration ahead) {
        (ahead.abs().compareTo(CLOCKS_APART) > 0 ? clockApart : clockAgrees).increment();
    }

    @Override
    public void finished(Duration sinceStart) {
        finished.record(sinceStart);
    }

    @Override
    public void ended(CommandId id, CommandState state, Certainty certainty, boolean wasLate) {
        whenEnded.accept(id);
        count(ends.get(state), certainty);
        if (wasLate) {
            late.increment();
        }
    }

    @Override
    public void batchStored(int events, long tookNs) {
        storing.record(tookNs, TimeUnit.NANOSECONDS);
    }

    @Override
    public void batchFailed() {
        storeFailures.increment();
    }

    @Override
    public void reaped(int looked, long tookNs) {
        settled.increment(looked);
        reaping.record(tookNs, TimeUnit.NANOSECONDS);
        lastReapedS = clock.millis() / 1e3;
    }

    private static <K> void count(@Nullable Map<K, Counter> counters, K key) {
        Counter counter = counters == null ? null : counters.get(key);
        if (counter != null) {
            counter.increment();
        }
    }
}
