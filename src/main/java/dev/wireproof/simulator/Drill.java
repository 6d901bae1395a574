package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import dev.wireproof.simulator.DrillCase.Before;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Lets agents with every fault connect over real sockets, asks the server for a diagnosis of each, and compares what it says with what is
 * wrong: the confusion matrix. The server knows nothing of it.
 */
final class Drill {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration LOGIN = Duration.ofSeconds(30);
    private static final Duration CONFIG_ARRIVES = Duration.ofSeconds(2);
    /** Beyond twice its own time: reconnecting, and a machine that is busy with all the others. */
    private static final Duration SLACK = Duration.ofSeconds(150);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final int FLOOD_COMMANDS = 16;
    private static final int FLOOD_BYTES = 250_000;

    /**
     * @param proxied the same server behind a proxy; null: only the direct way is drilled
     * @param api such as http://127.0.0.1:8080
     * @param rounds how often each case is run on each way
     * @param parallel how many at a time
     * @param seed of the order
     * @param watch the {@code duration_s} of each diagnosis
     */
    record Plan(
            Endpoint direct,
            @Nullable Endpoint proxied,
            URI api,
            String apiToken,
            String enrollmentToken,
            int rounds,
            int parallel,
            long seed,
            Duration watch) {}

    private record Run(DrillCase drilled, DrillMatrix.Way way, int number) {}

    private final Plan plan;
    private final HttpClient http;
    private final Consumer<String> progress;
    private final Semaphore places;

    Drill(Plan plan, Consumer<String> progress) {
        this.plan = plan;
        this.progress = progress;
        this.places = new Semaphore(plan.parallel());
        this.http = HttpClient.newHttpClient();
    }

    DrillMatrix run(List<DrillCase> cases) throws InterruptedException {
        List<Run> runs = new ArrayList<>();
        for (int round = 0; round < plan.rounds(); round++) {
            for (DrillCase one : cases) {
                runs.add(new Run(one, DrillMatrix.Way.DIRECT, round));
                if (plan.proxied() != null) {
                    runs.add(new Run(one, DrillMatrix.Way.PROXY, round));
                }
            }
        }
        Collections.shuffle(runs, new Random(plan.seed()));
        DrillMatrix matrix = new DrillMatrix(plan.seed());
        try (Loops loops = new Loops(plan.seed());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletionService<DrillMatrix.Outcome> outcomes = new ExecutorCompletionService<>(threads);
            for (Run run : runs) {
                outcomes.submit(inItsPlace(run, loops));
            }
            for (int i = 0; i < runs.size(); i++) {
                DrillMatrix.Outcome outcome = of(outcomes.take());
                matrix.add(outcome);
                progress.accept(
                        outcome.exact() ? "%d of %d".formatted(matrix.size(), runs.size()) : outcome.toString());
            }
        } finally {
            http.close();
        }
        return matrix;
    }

    private static DrillMatrix.Outcome of(Future<DrillMatrix.Outcome> outcome) throws InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a run of the drill failed: " + e.getCause(), e.getCause());
        }
    }

    private Callable<DrillMatrix.Outcome> inItsPlace(Run run, Loops loops) {
        return () -> {
            places.acquire();
            try {
                return one(run, loops.of(run.hashCode()));
            } catch (IOException | IllegalStateException failed) {
                return DrillMatrix.Outcome.notRun(
                        run.drilled().name(), run.way(), run.drilled().expected(run.way()), failed.toString());
            } finally {
                places.release();
            }
        };
    }

    private DrillMatrix.Outcome one(Run run, Shard shard) throws IOException, InterruptedException {
        DrillCase drilled = run.drilled();
        Endpoint way = run.way() == DrillMatrix.Way.PROXY && plan.proxied() != null ? plan.proxied() : plan.direct();
        String name = "drill-%s-%d".formatted(drilled.name().replaceAll("[^a-z]+", "-"), run.number());
        Identity identity = new Identity(
                name,
                name + "-" + UUID.randomUUID(),
                plan.enrollmentToken(),
                new SimulatedLedger(UUID.randomUUID(), SimulatedLedger.Listener.NONE));
        SimulatedAgent agent = new SimulatedAgent(
                shard, way, identity, drilled.behaviour().get(), SimulatedAgent.IdentityListener.NONE);
        shard.loop.execute(agent::connect);
        try {
            AgentId id = awaitLogin(identity);
            before(drilled.before(), id, agent, shard);
            Thread.sleep(drilled.settle());
            JsonNode diagnosis = diagnose(id, drilled);
            return new DrillMatrix.Outcome(
                    drilled.name(),
                    run.way(),
                    drilled.expected(run.way()),
                    diagnosis.path("verdict").asString("none"),
                    diagnosis.path("id").asString("") + " "
                            + diagnosis.path("rule").asString("") + " " + diagnosis.path("observations"));
        } finally {
            shard.loop.execute(agent::stop);
        }
    }

    private static AgentId awaitLogin(Identity identity) throws InterruptedException {
        long deadline = System.nanoTime() + LOGIN.toNanos();
        while (true) {
            AgentId id = identity.agentId();
            if (id != null) {
                return id;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException(identity.name + " was not let in within " + LOGIN);
            }
            Thread.sleep(20);
        }
    }

    private void before(Before before, AgentId id, SimulatedAgent agent, Shard shard)
            throws IOException, InterruptedException {
        switch (before) {
            case NOTHING -> {}
            case LEAVE -> {
                shard.loop.execute(agent::stop);
                awaitGone(id);
            }
            case PUSH_CONFIG -> {
                post("/api/v1/commands?wait_s=10", command(id, "hostname"));
                post(
                        "/api/v1/configs",
                        JSON.writeValueAsString(java.util.Map.of(
                                "agent_id", id.toString(), "config", java.util.Map.of("heartbeat_interval_s", 5))));
                Thread.sleep(CONFIG_ARRIVES);
            }
            case FLOOD -> {
                for (int i = 0; i < FLOOD_COMMANDS; i++) {
                    post("/api/v1/commands", command(id, "# " + "x".repeat(FLOOD_BYTES)));
                }
            }
        }
    }

    /** The server has seen it go: a diagnosis says that it is offline only then. */
    private void awaitGone(AgentId id) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LOGIN.toNanos();
        while (System.nanoTime() - deadline < 0) {
            JsonNode command = post("/api/v1/commands", command(id, "hostname"));
            if (command.path("state").asString("").equals("queued")) {
                return;
            }
            Thread.sleep(POLL);
        }
    }

    private static String command(AgentId agent, String script) {
        return JSON.writeValueAsString(
                java.util.Map.of("agent_id", agent.toString(), "script", script, "interpreter", "sh"));
    }

    private JsonNode diagnose(AgentId id, DrillCase drilled) throws IOException, InterruptedException {
        Duration longer = drilled.watch();
        Duration watch = longer == null || longer.compareTo(plan.watch()) < 0 ? plan.watch() : longer;
        JsonNode begun = post(
                "/api/v1/agents/" + id + "/diagnoses",
                "{\"duration_s\":%d,\"evict_and_repeat\":%s}".formatted(watch.toSeconds(), drilled.evictAndRepeat()));
        String place = "/api/v1/diagnoses/" + begun.path("id").asString("");
        long deadline = System.nanoTime() + watch.multipliedBy(2).plus(SLACK).toNanos();
        while (true) {
            JsonNode diagnosis = call(request(place).GET().build());
            if (diagnosis.path("status").asString("").equals("done")) {
                return diagnosis;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("the diagnosis did not end: " + diagnosis);
            }
            Thread.sleep(POLL);
        }
    }

    private JsonNode post(String path, String body) throws IOException, InterruptedException {
        return call(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(plan.api().resolve(path))
                .timeout(Duration.ofSeconds(90))
                .header("Authorization", "Bearer " + plan.apiToken());
    }

    private JsonNode call(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 400) {
            throw new IOException(request.method() + " " + request.uri() + ": " + answer.statusCode() + " "
                    + answer.body().lines().findFirst().orElse(""));
        }
        return JSON.readTree(answer.body());
    }

    /** The threads that the drilled agents share. */
    private static final class Loops implements AutoCloseable {
        private final List<Shard> shards = new ArrayList<>();

        Loops(long seed) {
            for (int i = 0; i < 2; i++) {
                shards.add(new Shard(
                        new EventLoop("drill-" + i),
                        InstantSource.system(),
                        new FleetStats(),
                        CommandWatcher.NONE,
                        new SplittableRandom(seed + i)));
            }
        }

        Shard of(int hash) {
            return shards.get(Math.floorMod(hash, shards.size()));
        }

        @Override
        public void close() {
            shards.forEach(shard -> shard.loop.close());
        }
    }

    /** Heartbeats each 5 s for the site's agents, so that their counters are seen within a short diagnosis. */
    void heartbeatsOften(String siteId) throws IOException, InterruptedException {
        post(
                "/api/v1/configs",
                JSON.writeValueAsString(
                        java.util.Map.of("site_id", siteId, "config", java.util.Map.of("heartbeat_interval_s", 5))));
    }
}
