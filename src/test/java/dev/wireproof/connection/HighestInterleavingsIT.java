package dev.wireproof.connection;

import static dev.wireproof.connection.Interleavings.require;
import static dev.wireproof.connection.Interleavings.search;
import static dev.wireproof.connection.Interleavings.together;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who is live, under every interleaving of coming and going that the searcher finds in its number of tries. */
class HighestInterleavingsIT {
    private static final String AGENT = "agent";

    @Test
    void of_three_that_come_at_once_the_highest_is_live_and_each_other_has_to_go_once() {
        search(() -> {
            Highest<String, Long> live = new Highest<>(Long::longValue);
            List<@Nullable Long> losers = Collections.synchronizedList(new ArrayList<>());
            together(
                    () -> losers.add(live.put(AGENT, 1L)),
                    () -> losers.add(live.put(AGENT, 2L)),
                    () -> losers.add(live.put(AGENT, 3L)));
            require(Long.valueOf(3).equals(live.get(AGENT)), "the highest is live");
            require(
                    losers.contains(1L) && losers.contains(2L) && losers.contains(null),
                    "each other has to go: " + losers);
        });
    }

    @Test
    void the_end_of_an_older_one_never_takes_a_newer_one_away() {
        search(() -> {
            Highest<String, Long> live = new Highest<>(Long::longValue);
            Long older = 1L;
            live.put(AGENT, older);
            together(() -> live.remove(AGENT, older), () -> live.put(AGENT, 2L), () -> live.remove(AGENT, older));
            require(Long.valueOf(2).equals(live.get(AGENT)), "the newer one is live");
        });
    }

    @Test
    void one_that_leaves_is_said_to_have_been_live_exactly_when_it_was() {
        search(() -> {
            Highest<String, Long> live = new Highest<>(Long::longValue);
            Long older = 1L;
            live.put(AGENT, older);
            boolean[] said = new boolean[1];
            List<@Nullable Long> losers = Collections.synchronizedList(new ArrayList<>());
            together(() -> said[0] = live.remove(AGENT, older), () -> losers.add(live.put(AGENT, 2L)));
            require(said[0] != losers.contains(older), "it left by itself, or it was replaced");
        });
    }
}
