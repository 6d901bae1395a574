package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class HeldBackTest {
    @Test
    void events_of_one_command_keep_their_order_however_many_were_held() {
        CommandId id = new CommandId(new UUID(1, 1));
        List<Work.Tell> tells = IntStream.range(0, 500).mapToObj(n -> tell(id)).toList();
        HeldBack held = new HeldBack();
        held.add(tells);
        List<Work> taken = new ArrayList<>();
        Awaitility.await().until(() -> {
            held.takeDue(taken, 200);
            taken.removeIf(held::behind);
            return held.isEmpty();
        });
        assertThat(taken).containsExactlyElementsOf(tells);
    }

    private static Work.Tell tell(CommandId id) {
        return new Work.Tell(id, _ -> new CommandEvent.AgentGone(Instant.EPOCH), null, new CompletableFuture<>());
    }
}
