package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Every state meets every event, in as many shapes as some thousand lives of commands give them. The events come in any order and may lie:
 * whatever an agent says, the rules hold.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandLifecycleTest {
    private static final int LIVES = 20_000;
    private static final int EVENTS = 30;
    private static final long SEED = Long.getLong("wireproof.walk.seed", 20_261_025L);

    private final Map<CommandState, Set<Class<?>>> met = new EnumMap<>(CommandState.class);
    private final Set<String> edges = new TreeSet<>();

    @Test
    void every_event_has_an_example() {
        assertThat(RandomEvents.KINDS.keySet()).isEqualTo(Set.of(CommandEvent.class.getPermittedSubclasses()));
    }

    @Test
    void whatever_happens_in_whatever_order_the_rules_hold() {
        System.out.println("CommandLifecycleTest: seed " + SEED + " (-Dwireproof.walk.seed=…)");
        for (int life = 0; life < LIVES; life++) {
            Random random = new Random(SEED + life);
            List<CommandEvent> told = new ArrayList<>();
            CommandFacts facts = RandomEvents.fresh(random);
            for (int n = 0; n < EVENTS; n++) {
                CommandEvent event = RandomEvents.any(random, facts);
                told.add(event);
                facts = step(facts, event, () -> "seed %d, %d events: %s".formatted(SEED, told.size(), told));
            }
        }
        Set<Class<?>> all = new HashSet<>(Arrays.asList(CommandEvent.class.getPermittedSubclasses()));
        for (CommandState state : CommandState.values()) {
            assertThat(met.getOrDefault(state, Set.of()))
                    .as("events met in %s", state)
                    .isEqualTo(all);
        }
        assertThat(edges).as("docs/command-lifecycle.md draws the edges").isEqualTo(DrawnEdges.read());
    }

    private CommandFacts step(CommandFacts before, CommandEvent event, java.util.function.Supplier<String> what) {
        met.computeIfAbsent(before.state(), _ -> new HashSet<>()).add(event.getClass());
        Transition transition = Story.LIFE.next(before, event);
        CommandFacts after = LifecycleRules.facts(transition, before);
        if (after.state() != before.state()) {
            edges.add("%s --> %s: %s"
                    .formatted(
                            before.state().wireName(),
                            after.state().wireName(),
                            event.getClass().getSimpleName()));
        }
        LifecycleRules.check(before, event, transition, what);
        CommandEvent repeated = RandomEvents.madeAgain(event);
        LifecycleRules.checkRepeat(after, repeated, Story.LIFE.next(after, repeated), what);
        return after;
    }

    @Test
    void a_refusal_changes_nothing_and_comes_only_to_people() {
        Map<Class<?>, Set<CommandState>> refused = new HashMap<>();
        for (int life = 0; life < 300; life++) {
            Random random = new Random(SEED - life);
            CommandFacts facts = RandomEvents.fresh(random);
            for (int n = 0; n < EVENTS; n++) {
                CommandEvent event = RandomEvents.any(random, facts);
                Transition transition = Story.LIFE.next(facts, event);
                if (transition instanceof Transition.Refused) {
                    refused.computeIfAbsent(event.getClass(), _ -> new HashSet<>())
                            .add(facts.state());
                }
                facts = LifecycleRules.facts(transition, facts);
            }
        }
        assertThat(refused.keySet())
                .isEqualTo(Set.of(CommandEvent.CancelRequested.class, CommandEvent.RedeliverRequested.class));
        assertThat(refused.get(CommandEvent.CancelRequested.class)).allMatch(CommandState::ended);
    }
}
