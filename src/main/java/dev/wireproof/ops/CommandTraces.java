package dev.wireproof.ops;

import dev.wireproof.command.Commands;
import dev.wireproof.command.StoreUnavailableException;
import dev.wireproof.id.CommandId;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an OpenTelemetry collector of commands that ended, a batch each second. A collector that does not answer costs its own batch, which
 * is counted, and one line in the log when that begins and when it is over: delivery never waits for it.
 */
final class CommandTraces implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CommandTraces.class);
    private static final int BATCH = 200;
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

    private final EndedCommands ended;
    private final Commands commands;
    private final URI endpoint;
    private final SpanExporter exporter;
    private final CommandSpans spans;
    private final List<SpanData> made = new ArrayList<>(); // used by the loop's thread only
    private final AtomicLong exported = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private boolean away; // used by the loop's thread only

    CommandTraces(EndedCommands ended, Commands commands, TracesSettings settings, URI endpoint, String version) {
        this.ended = ended;
        this.commands = commands;
        this.endpoint = endpoint;
        // No retry of its own: what waits here is bounded, and the next batch asks again anyway.
        OtlpHttpSpanExporterBuilder builder = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint.toString())
                .setTimeout(ANSWER_WITHIN)
                .setConnectTimeout(ANSWER_WITHIN)
                .setRetryPolicy(null)
                .setCompression("gzip");
        if (settings.authorization() != null) {
            builder.addHeader("Authorization", settings.authorization());
        }
        this.exporter = builder.build();
        this.spans = new CommandSpans(new Collecting(), version);
    }

    /** What the loop does: all that is settled, batch by batch. */
    void exportOnce() {
        for (List<CommandId> ids = ended.settled(BATCH); !ids.isEmpty(); ids = ended.settled(BATCH)) {
            made.clear();
            try {
                ids.forEach(id -> commands.find(id).ifPresent(spans::make));
            } catch (StoreUnavailableException e) { // the database's own watch tells of it
                lost.addAndGet(ids.size());
                return;
            }
            send(ids.size());
        }
    }

    private void send(int traces) {
        CompletableResultCode answer = exporter.export(List.copyOf(made));
        answer.join(ANSWER_WITHIN.toMillis() + 1_000, TimeUnit.MILLISECONDS);
        if (answer.isSuccess()) {
            exported.addAndGet(traces);
            if (away) {
                log.atInfo().addKeyValue("endpoint", endpoint).log("traces.collector_back");
            }
            away = false;
        } else {
            lost.addAndGet(traces);
            if (!away) {
                log.atWarn()
                        .addKeyValue("endpoint", endpoint)
                        .addKeyValue("reason", reason(answer))
                        .log("traces.collector_away");
            }
            away = true;
        }
    }

    private static String reason(CompletableResultCode answer) {
        Throwable fault = answer.getFailureThrowable();
        if (fault == null) {
            return "no answer within " + ANSWER_WITHIN.toSeconds() + " s";
        }
        Throwable root = fault;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    /** Traces that a collector took. */
    long exported() {
        return exported.get();
    }

    /** Traces that no collector took, or that found no room to wait. */
    long lost() {
        return lost.get() + ended.dropped();
    }

    @Override
    public void close() {
        exporter.shutdown().join(1, TimeUnit.SECONDS);
    }

    private final class Collecting implements SpanProcessor {
        @Override
        public void onStart(Context parent, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
            return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {
            made.add(span.toSpanData());
        }

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }
}
