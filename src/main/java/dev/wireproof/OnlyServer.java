package dev.wireproof;

import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.database.DatabaseLock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Looks once a second that this server still has its database to itself, and ends it when another server took it meanwhile: agents then
 * go where their commands are. While the database is away nobody can say, and nothing can be offered.
 */
final class OnlyServer extends LoopingPart {
    private final DatabaseLock lock;
    private final Runnable end;

    OnlyServer(DatabaseLock lock, ConfigurableApplicationContext server) {
        super(Integer.MIN_VALUE); // first in, last out
        this.lock = lock;
        AtomicBoolean ending = new AtomicBoolean();
        // From a thread of its own: the end waits for this very loop.
        end = () -> {
            if (ending.compareAndSet(false, true)) {
                Thread.ofPlatform().name("another-server-took-over").start(server::close);
            }
        };
    }

    private void look() {
        if (lock.keep() == DatabaseLock.Standing.TAKEN) {
            end.run();
        }
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.startOnOwnThread(
                "only-server", Duration.ofSeconds(1), Duration.ofSeconds(1), this::look));
    }
}
