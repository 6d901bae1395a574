package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.WireTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks the API afterwards what the server itself recorded: of commands spread over the run, {@code acked_at} of the acknowledged attempt
 * less {@code created_at}, and the state they are in. One at a time, on the load run's loop.
 */
final class LoadSamples {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final ApiClient api;
    private final LoadResult result;
    private final Deque<CommandId> left = new ArrayDeque<>();

    LoadSamples(ApiClient api, LoadPlan plan, Map<CommandId, LoadRun.Tracked> commands, LoadResult result) {
        this.api = api;
        this.result = result;
        List<CommandId> measured = new ArrayList<>();
        commands.forEach((id, command) -> {
            if (command.measured) {
                measured.add(id);
            }
        });
        int step = Math.max(1, measured.size() / Math.max(1, plan.samples()));
        for (int i = 0; i < measured.size() && left.size() < plan.samples(); i += step) {
            left.add(measured.get(i));
        }
    }

    void take(Runnable whenDone) {
        CommandId id = left.poll();
        if (id == null) {
            whenDone.run();
            return;
        }
        api.get("/api/v1/commands/" + id, new ApiClient.Answer() {
            @Override
            public void responded(ApiResponse response) {
                sampled(response);
                take(whenDone);
            }

            @Override
            public void failed(String why) {
                result.sampledState("not answered");
                take(whenDone);
            }
        });
    }

    private void sampled(ApiResponse response) {
        if (response.status() != 200) {
            result.sampledState("status " + response.status());
            return;
        }
        try {
            JsonNode command = JSON.readTree(response.text());
            String state = command.path("state").asString("unknown");
            for (JsonNode attempt : command.path("attempts")) {
                if (attempt.path("acked_at").isString()) {
                    Duration took = Duration.between(
                            WireTime.parse(command.path("created_at").asString()),
                            WireTime.parse(attempt.path("acked_at").asString()));
                    result.serverAck(took.toNanos() / 1_000, state);
                    return;
                }
            }
            result.sampledState(state + ", without acked_at");
        } catch (JacksonException e) {
            result.sampledState("not JSON");
        }
    }
}
