package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.diagnosis.Observations.Configured;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Doubts;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Ended;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Nack;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Observations of any kind, also such as cannot be: never an exception, never a verdict whose evidence is absent. */
class RulesFuzzTest {
    private static final long SEED = Long.getLong("wireproof.seed", 20_260_329L);
    private static final int ROUNDS = Integer.getInteger("wireproof.test.fuzz-rounds", 60_000);
    private static final long[] ODD = {0, 0, 0, 1, 2, 3, 5_000, 6_000, 20_000, -1, Long.MAX_VALUE, Long.MIN_VALUE};

    private final Random random = new Random(SEED);

    @Test
    void no_observations_make_it_throw_or_claim_too_much() {
        Map<Verdict, Integer> reached = new EnumMap<>(Verdict.class);
        for (int round = 0; round < ROUNDS; round++) {
            Observations seen = anything();
            Judgement judgement = Rules.judge(seen);
            Rules.settled(seen);
            reached.merge(judgement.verdict(), 1, Integer::sum);
            assertThat(OverClaims.of(judgement.verdict(), seen))
                    .as("seed %d, round %d: %s from %s", SEED, round, judgement, seen)
                    .isEmpty();
        }
        assertThat(reached).as("seed %d", SEED).hasSizeGreaterThan(16);
    }

    private Observations anything() {
        Line line = odds(20)
                ? null
                : new Line(
                        Seen.CONNECTION,
                        Seen.OPENED,
                        odds(3) ? "198.51.100.7" : null,
                        odds(3) ? new Ended(Instant.MAX, odds(2) ? (Integer) 4410 : null, "write stall") : null);
        Fate fate = new Fate(
                few(),
                odds(3) ? (Long) Math.abs(number()) : null,
                odds(4),
                odds(12) ? new Nack("refused", "\ud800\u0000") : null,
                odds(2),
                odds(4),
                odds(6) ? few() : 0);
        return new Observations(
                line,
                null,
                new Counts(few(), few(), few(), few(), few(), odds(4) ? few() : 0, few(), few(), few()),
                new Since(
                        odds(3) ? number() : 30_000,
                        few(),
                        odds(3) ? number() : 30_000,
                        odds(2) ? few() : 0,
                        odds(2) ? few() : 0,
                        odds(4) ? few() : 0,
                        odds(6) ? few() : 0,
                        few()),
                fate,
                odds(6)
                        ? new Outgoing(
                                few(),
                                number(),
                                odds(2) ? 0 : few(),
                                few(),
                                odds(2),
                                number(),
                                few(),
                                odds(4) ? "IOException" : null)
                        : Outgoing.NOTHING_WAITS,
                odds(3) ? oddCounters() : odds(2) ? Rx.ABSENT : Seen.rx(odds(2) ? 0 : 3, odds(2) ? 0 : 2, 3, odds(2)),
                odds(2) ? Tcp.UNKNOWN : new Tcp(true, odds(2), number(), number(), odds(4), few(), odds(4)),
                odds(10)
                        ? new Elsewhere(few(), odds(4) ? Instant.MIN : null, List.of(), few(), Seen.CONNECTION, few())
                        : Elsewhere.NOTHING,
                odds(4) ? new Configured(odds(2), few(), odds(2), odds(3) ? "no" : null) : Configured.AT_LOGIN_ONLY,
                odds(6) ? new Doubts(odds(2) ? 0 : 9, few(), odds(2) ? List.of("odd") : List.of()) : Doubts.NONE,
                Seen.WAITS);
    }

    private Rx oddCounters() {
        return new Rx(
                true,
                number(),
                number(),
                number(),
                number(),
                number(),
                number(),
                few(),
                few(),
                number(),
                number(),
                odds(2) ? "\u0000" : null,
                odds(2));
    }

    private long number() {
        return ODD[random.nextInt(ODD.length)];
    }

    private int few() {
        return random.nextInt(4);
    }

    private boolean odds(int against) {
        return random.nextInt(against) == 0;
    }
}
