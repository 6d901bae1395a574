package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WriterQueueTest {
    @Test
    void long_scripts_that_wait_are_bounded_in_bytes_and_not_only_in_number() throws InterruptedException {
        WriterQueue queue = new WriterQueue();
        String script = "x".repeat(256 * 1024);
        int taken = 0;
        while (taken < 1_000 && queue.offer(create(script))) {
            taken++;
        }
        assertThat(taken).isEqualTo(255); // 64 MiB, with their arguments
        queue.take();
        assertThat(queue.offer(create(script))).isTrue();
    }

    private static Work.Create create(String script) {
        return new Work.Create(
                new CommandId(UUID.randomUUID()),
                TestServer.command(new AgentId(UUID.randomUUID()), script),
                null,
                false,
                new CompletableFuture<>());
    }
}
