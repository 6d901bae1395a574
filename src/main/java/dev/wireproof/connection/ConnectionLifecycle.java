package dev.wireproof.connection;

import dev.wireproof.background.RepeatingTask;
import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Opens the door before the web server listens, and drains before it stops: nobody new is let in, those on the line are sent away
 * spread over a few seconds, so that they do not all come back in one instant, and what is known of them is written down.
 */
final class ConnectionLifecycle implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(ConnectionLifecycle.class);
    private static final Duration SWEEP = Duration.ofNanos(LiveTime.STEP_NS);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration SPREAD = Duration.ofSeconds(5);
    private static final Duration GOODBYE = Duration.ofSeconds(6);
    private static final Duration STEP = Duration.ofMillis(50);
    private static final int ONE_BY_ONE = 20;

    private final UpgradeDoor door;
    private final Switchboard board;
    private final Inbox inbox;
    private final ConnectionRetention retention;
    private final SocketWatch sockets;
    private volatile @Nullable RepeatingTask sweep;
    private volatile @Nullable RepeatingTask forgetting;
    private volatile @Nullable RepeatingTask look;

    ConnectionLifecycle(
            UpgradeDoor door, Switchboard board, Inbox inbox, ConnectionRetention retention, SocketWatch sockets) {
        this.door = door;
        this.board = board;
        this.inbox = inbox;
        this.retention = retention;
        this.sockets = sockets;
    }

    @Override
    public void start() {
        int leftOpen = board.rows().closeLeftOpen();
        if (leftOpen > 0) {
            log.atInfo().addKeyValue("connections", leftOpen).log("connection.left_open_by_earlier_server");
        }
        sweep = RepeatingTask.start("connection-sweep", SWEEP, Duration.ofSeconds(1), board::sweepOnce);
        forgetting = RepeatingTask.start(
                "connection-retention", Duration.ofHours(1), Duration.ofSeconds(2), retention::forgetOnce);
        look = RepeatingTask.startOnOwnThread("socket-watch", LOOK, Duration.ofSeconds(1), sockets::lookOnce);
        door.open(new UpgradeDoor.Inside(board, inbox, new UpgradeRules(board.settings())));
    }

    @Override
    public void stop() {
        RepeatingTask task = sweep;
        if (task == null) {
            return;
        }
        sweep = null;
        RepeatingTask old = forgetting;
        if (old != null) {
            old.close();
        }
        board.drain();
        try {
            sayGoodbye();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        board.registry().all().forEach(Connection::abort);
        task.close();
        RepeatingTask looking = look;
        if (looking != null) {
            looking.close();
        }
        board.rows().close();
        door.open(null);
    }

    private void sayGoodbye() throws InterruptedException {
        List<Connection> all = new ArrayList<>(board.registry().all());
        int steps = all.size() <= ONE_BY_ONE ? 1 : (int) (SPREAD.toMillis() / STEP.toMillis());
        for (int step = 0; step < steps; step++) {
            for (int i = step; i < all.size(); i += steps) {
                all.get(i).close(CloseCode.GOING_AWAY, CloseCode.GOING_AWAY.meaning());
            }
            if (steps > 1) {
                Thread.sleep(STEP);
            }
        }
        long until = System.nanoTime() + GOODBYE.toNanos();
        while (board.registry().openSockets() > 0 && System.nanoTime() < until) {
            Thread.sleep(STEP);
        }
    }

    @Override
    public boolean isRunning() {
        return sweep != null;
    }

    /**
     * After the web server's start (2,048 below the default), so before its stop, which would cut agents off without a word, and before
     * that of a management port (512 below), so that an operator can watch the goodbye; and before all with the default phase, who may
     * still send when this room stops listening to new agents.
     */
    @Override
    public int getPhase() {
        return SmartLifecycle.DEFAULT_PHASE - 400;
    }
}
