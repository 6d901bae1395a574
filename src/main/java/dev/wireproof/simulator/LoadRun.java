package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Posts commands to the API and watches the same process's agents answer them. Lives on one loop; agents of other loops hand their
 * news over to it.
 */
final class LoadRun implements CommandWatcher {
    private static final String COMMANDS = "/api/v1/commands";
    private static final long CHECK_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long BUSY_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final LoadPlan plan;
    private final LoadResult result;
    private final Map<CommandId, Tracked> commands = new HashMap<>();
    private final Set<Tracked> open = new LinkedHashSet<>();
    private final CompletableFuture<LoadResult> done = new CompletableFuture<>();
    private final List<String> bodies = new ArrayList<>();
    private @Nullable ApiClient api;
    private @Nullable EventLoop loop;
    private int posted;
    private int nextBody;
    private int vacant;
    private boolean finishing;

    /** One command from its POST on. Times are 0 until they happened. */
    static final class Tracked {
        final boolean measured;
        long postNs;
        long answeredNs;
        long receivedNs;
        long ackedNs;
        long confirmedNs;
        int offers;
        int executions;
        boolean holdsPlace;

        @Nullable
        CommandId id;

        Tracked(boolean measured) {
            this.measured = measured;
        }
    }

    /** @param cpu asked when the first measured command is posted, and at the end */
    LoadRun(LoadPlan plan, Supplier<CpuTimes> cpu) {
        this.plan = plan;
        this.result = new LoadResult(cpu);
    }

    /** Starts on the loop, against these agents in turn. The future completes when every command is through or overdue. */
    CompletableFuture<LoadResult> start(EventLoop on, List<AgentId> agents) {
        loop = on;
        on.execute(() -> {
            api = new ApiClient(on, plan.api(), plan.token());
            for (AgentId agent : agents) {
                bodies.add("{\"agent_id\":\"" + agent + "\",\"script\":\"" + plan.script() + "\",\"ttl_s\":"
                        + plan.timeToLiveS() + "}");
            }
            vacant = plan.inFlight();
            fill();
            on.after(CHECK_NS, this::check);
        });
        return done;
    }

    private void fill() {
        while (vacant > 0 && posted < plan.warmUp() + plan.commands()) {
            vacant--;
            post(new Tracked(posted++ >= plan.warmUp()));
        }
    }

    private void post(Tracked command) {
        command.holdsPlace = true;
        open.add(command);
        String body = bodies.get(nextBody);
        nextBody = (nextBody + 1) % bodies.size();
        command.postNs = System.nanoTime();
        if (command.measured && result.firstPostNs == 0) {
            result.begin(command.postNs);
        }
        require(api).post(COMMANDS, body, new ApiClient.Answer() {
            @Override
            public void responded(ApiResponse response) {
                answered(command, response);
            }

            @Override
            public void failed(String why) {
                result.failures++;
                result.failure = why;
                through(command);
                open.remove(command);
            }
        });
    }

    private void answered(Tracked command, ApiResponse response) {
        if (response.status() == 202) {
            String location = response.header("location");
            CommandId id = CommandId.parse(location == null ? "" : location.substring(location.lastIndexOf('/') + 1));
            command.answeredNs = System.nanoTime();
            command.id = id;
            Tracked early = commands.put(id, command);
            if (early != null) { // The agent was quicker than the answer.
                command.receivedNs = early.receivedNs;
                command.ackedNs = early.ackedNs;
                command.confirmedNs = early.confirmedNs;
                command.offers = early.offers;
                command.executions = early.executions;
            }
            progress(command);
            return;
        }
        open.remove(command);
        if (response.status() == 429 || response.status() == 503) {
            result.busy++;
            require(loop).after(BUSY_PAUSE_NS, () -> post(command));
            return;
        }
        result.failures++;
        result.failure = response.status() + " " + response.text();
        through(command);
    }

    private void progress(Tracked command) {
        boolean acked = command.answeredNs != 0 && command.ackedNs != 0;
        boolean confirmed = acked && command.confirmedNs != 0;
        if (plan.until() == LoadPlan.Until.ack ? acked : confirmed) {
            through(command);
        }
        if (confirmed && open.remove(command) && command.measured) {
            result.record(command);
        }
    }

    private void through(Tracked command) {
        if (command.holdsPlace) {
            command.holdsPlace = false;
            if (command.measured) {
                result.lastThroughNs = System.nanoTime();
            }
            vacant++;
            fill();
        }
    }

    /** Frees the places of commands that take too long, and ends the run when nothing is open or everything is overdue. */
    private void check() {
        long now = System.nanoTime();
        List<Tracked> overdue = new ArrayList<>();
        for (Iterator<Tracked> oldest = open.iterator(); oldest.hasNext(); ) {
            Tracked command = oldest.next();
            if (now - command.postNs < plan.patience().toNanos()) {
                break;
            }
            oldest.remove();
            overdue.add(command);
        }
        for (Tracked command : overdue) {
            result.overdue(command);
            through(command);
        }
        boolean allPosted = posted == plan.warmUp() + plan.commands() && vacant == plan.inFlight();
        if (allPosted && open.isEmpty() && !finishing) {
            finishing = true;
            result.join(commands);
            new LoadSamples(require(api), plan, commands, result).take(() -> done.complete(result));
        } else if (!finishing) {
            require(loop).after(CHECK_NS, this::check);
        }
    }

    private void news(CommandId id, java.util.function.Consumer<Tracked> change) {
        require(loop).execute(() -> {
            Tracked command = commands.computeIfAbsent(id, _ -> new Tracked(false));
            change.accept(command);
            progress(command);
        });
    }

    @Override
    public void received(CommandId id, long atNs) {
        news(id, command -> {
            command.offers++;
            command.receivedNs = command.receivedNs == 0 ? atNs : command.receivedNs;
        });
    }

    @Override
    public void acknowledged(CommandId id, long atNs) {
        news(id, command -> command.ackedNs = command.ackedNs == 0 ? atNs : command.ackedNs);
    }

    @Override
    public void executed(CommandId id) {
        news(id, command -> command.executions++);
    }

    @Override
    public void resultConfirmed(CommandId id, long atNs) {
        news(id, command -> command.confirmedNs = command.confirmedNs == 0 ? atNs : command.confirmedNs);
    }

    private static <T> T require(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the load run was not started");
        }
        return value;
    }
}
