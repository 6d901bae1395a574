package dev.wireproof.agent;

import java.io.IOException;
import java.security.Security;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the agent. Exit codes: 0 its parent process ended, 1 its home cannot be used, 2 bad options, 3 the server has
 * retired it; 143 after SIGTERM.
 */
public final class AgentMain {
    private static final long STOP_PATIENCE_S = 8;
    /** Java keeps an address for 30 s by itself: an agent whose server has moved would knock at the old one so long. */
    private static final String NAME_CACHE_S = "2";

    private AgentMain() {}

    public static void main(String[] args) throws InterruptedException {
        Security.setProperty("networkaddress.cache.ttl", NAME_CACHE_S);
        Security.setProperty("networkaddress.cache.negative.ttl", NAME_CACHE_S);
        int status = run(args);
        // What still runs are daemons and the hook that ends them.
        System.exit(status);
    }

    private static int run(String[] args) throws InterruptedException {
        Clock clock = Clock.systemUTC();
        AgentLog log = new AgentLog(System.err, clock);
        AgentOptions options;
        try {
            options = AgentOptions.parse(List.of(args), System.getenv());
        } catch (AgentOptions.BadOption e) {
            System.err.println("wireproof-agent: " + e.getMessage());
            return 2;
        }
        try {
            Home home = Home.open(options.home());
            Identity identity = Identity.load(home.identityFile());
            if (identity == null && options.enrollmentToken() == null) {
                System.err.println("wireproof-agent: the home " + options.home()
                        + " holds no identity yet: --enrollment-token is needed");
                return 2;
            }
            return run(options, home, identity, clock, log);
        } catch (IOException e) {
            System.err.println("wireproof-agent: " + e.getMessage());
            return 1;
        }
    }

    /** The jar's own; classes outside of a jar know none. */
    static String version() {
        return Objects.requireNonNullElse(AgentMain.class.getPackage().getImplementationVersion(), "unpackaged");
    }

    private static int run(AgentOptions options, Home home, @Nullable Identity identity, Clock clock, AgentLog log)
            throws IOException, InterruptedException {
        String version = version();
        log.info("started", "version", version, "home", home.directory(), "server", options.server());
        Ledger ledger = Ledger.open(home.ledgerFile(), clock.instant());
        Greeting greeting =
                new Greeting(options, Machine.ofThisOne(home), identity, ledger, home.identityFile(), version, log);
        Deliveries deliveries = new Deliveries();
        AgentCore core = new AgentCore(
                options,
                home,
                ledger,
                greeting,
                deliveries,
                clock,
                log,
                () -> Runtime.getRuntime().halt(1));
        Connector connector = new Connector(options, core, deliveries, log);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(core), "agent-stop"));
        endWithParent(options, log);
        core.start();
        Connector.Outcome outcome = connector.run();
        if (outcome == Connector.Outcome.REVOKED) {
            Identity.setAside(home.identityFile());
            log.warn("revoked", "do", "start again with a new --enrollment-token to enrol this machine anew");
            return 3;
        }
        return 0;
    }

    private static void stop(AgentCore core) {
        CountDownLatch done = new CountDownLatch(1);
        core.stop(done::countDown);
        try {
            done.await(STOP_PATIENCE_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void endWithParent(AgentOptions options, AgentLog log) {
        Long pid = options.parentPid();
        if (pid == null) {
            return;
        }
        Runnable end = () -> {
            log.info("parent.ended", "pid", pid);
            System.exit(0);
        };
        ProcessHandle.of(pid).ifPresentOrElse(parent -> parent.onExit().thenRun(end), end);
    }
}
