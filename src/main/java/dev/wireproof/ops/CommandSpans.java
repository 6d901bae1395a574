package dev.wireproof.ops;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandState;
import dev.wireproof.command.CommandView;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of what is stored of a command that ended: one from its POST to its result, in it one for each attempt, and in that one for
 * each leg of the ladder. The trace's id is the command's id without dashes, so whoever has the one has the other. They are made afterwards
 * and from the evidence alone: a trace survives a restart and claims no more than the rungs.
 */
final class CommandSpans {
    private static final AttributeKey<String> COMMAND = AttributeKey.stringKey("wireproof.command.id");
    private static final AttributeKey<String> AGENT = AttributeKey.stringKey("wireproof.agent.id");
    private static final AttributeKey<String> CONNECTION = AttributeKey.stringKey("wireproof.connection.id");
    private static final AttributeKey<String> ANSWERED_ON =
            AttributeKey.stringKey("wireproof.answered_on.connection.id");
    private static final AttributeKey<String> SITE = AttributeKey.stringKey("wireproof.site.id");
    private static final AttributeKey<String> STATE = AttributeKey.stringKey("wireproof.command.state");
    private static final AttributeKey<String> CERTAINTY = AttributeKey.stringKey("wireproof.command.certainty");
    private static final AttributeKey<Boolean> LATE = AttributeKey.booleanKey("wireproof.command.late");
    private static final AttributeKey<Long> EXIT_CODE = AttributeKey.longKey("process.exit.code");
    private static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("wireproof.attempt");
    private static final AttributeKey<String> REASON = AttributeKey.stringKey("wireproof.attempt.reason");
    private static final AttributeKey<String> RUNG = AttributeKey.stringKey("wireproof.attempt.rung");
    private static final AttributeKey<String> TROUBLE = AttributeKey.stringKey("wireproof.attempt.trouble");
    private static final AttributeKey<Long> FRAME_BYTES = AttributeKey.longKey("wireproof.frame.bytes");
    private static final AttributeKey<String> FRAME_SHA256 = AttributeKey.stringKey("wireproof.frame.sha256");

    /** The next root's trace. Set by the one thread that makes spans, just before. */
    private static final class TraceOfCommand implements IdGenerator {
        private UUID command = new UUID(0, 1);

        @Override
        public String generateTraceId() {
            return command.toString().replace("-", "");
        }

        @Override
        public String generateSpanId() {
            return IdGenerator.random().generateSpanId();
        }
    }

    private final TraceOfCommand ids = new TraceOfCommand();
    private final Tracer tracer;

    /** @param ended takes each span as it ends, on the thread that calls {@link #make} */
    CommandSpans(SpanProcessor ended, String version) {
        tracer = SdkTracerProvider.builder()
                .setIdGenerator(ids)
                .setSampler(Sampler.alwaysOn())
                .setResource(Resource.create(Attributes.builder()
                        .put("service.name", "wireproof")
                        .put("service.version", version)
                        .build()))
                .addSpanProcessor(ended)
                .build()
                .get("dev.wireproof.command", version);
    }

    /** One thread at a time. */
    void make(CommandView command) {
        Instant end = Objects.requireNonNullElse(command.endedAt(), command.stateSince());
        ids.command = command.id().value();
        Span whole = tracer.spanBuilder("command")
                .setNoParent()
                .setStartTimestamp(command.createdAt())
                .setAttribute(COMMAND, command.id().toString())
                .setAttribute(AGENT, command.agentId().toString())
                .setAttribute(SITE, command.siteId().toString())
                .setAttribute(STATE, command.state().wireName())
                .setAttribute(CERTAINTY, command.certainty().wireName())
                .setAttribute(LATE, command.late())
                .startSpan();
        if (command.result() != null && command.result().exitCode() != null) {
            whole.setAttribute(EXIT_CODE, command.result().exitCode().longValue());
        }
        event(whole, "acknowledged", command.ackedAt());
        event(whole, "started", command.startedAt());
        Context inWhole = Context.root().with(whole);
        command.attempts().forEach(attempt -> attempt(attempt, inWhole));
        if (command.result() != null) {
            span("run", SpanKind.INTERNAL, inWhole, command.startedAt(), command.endedAt());
        }
        if (command.state() == CommandState.SUCCEEDED) {
            whole.setStatus(StatusCode.OK);
        } else if (command.state() != CommandState.CANCELLED) {
            whole.setStatus(
                    StatusCode.ERROR,
                    command.state().wireName() + ", " + command.certainty().wireName());
        }
        whole.end(end);
    }

    private void attempt(AttemptView attempt, Context inWhole) {
        Instant answered = attempt.ackedAt() != null ? attempt.ackedAt() : attempt.nackedAt();
        Span span = builder("attempt", SpanKind.CLIENT, inWhole, attempt.offeredAt())
                .setAttribute(ATTEMPT, (long) attempt.attempt())
                .setAttribute(CONNECTION, attempt.connectionId().toString())
                .setAttribute(REASON, attempt.reason().wireName())
                .setAttribute(RUNG, attempt.rung().name())
                .setAttribute(FRAME_BYTES, (long) attempt.frameBytes())
                .setAttribute(FRAME_SHA256, attempt.frameSha256())
                .startSpan();
        if (attempt.answeredOn() != null) {
            span.setAttribute(ANSWERED_ON, attempt.answeredOn().toString());
        }
        String trouble = trouble(attempt);
        if (trouble != null) {
            span.setAttribute(TROUBLE, trouble);
        }
        if (answered == null || attempt.nackedAt() != null) {
            span.setStatus(StatusCode.ERROR, trouble == null ? "not acknowledged" : trouble);
        }
        event(span, "tcp_acked", attempt.tcpAckedAt());
        Context inAttempt = inWhole.with(span);
        span("queue", SpanKind.INTERNAL, inAttempt, attempt.enqueuedAt(), attempt.writeStartedAt());
        span("write", SpanKind.INTERNAL, inAttempt, attempt.writeStartedAt(), attempt.writtenAt());
        span("peer_read", SpanKind.INTERNAL, inAttempt, attempt.writtenAt(), attempt.peerReadAt());
        span("ack", SpanKind.INTERNAL, inAttempt, attempt.writtenAt(), answered);
        span.end(latest(
                attempt.offeredAt(),
                attempt.enqueuedAt(),
                attempt.writeStartedAt(),
                attempt.writtenAt(),
                attempt.tcpAckedAt(),
                attempt.peerReadAt(),
                answered));
    }

    private static @Nullable String trouble(AttemptView attempt) {
        if (attempt.nackCode() != null) {
            return "refused by the agent: " + attempt.nackCode();
        }
        if (attempt.refusal() != null) {
            return "the connection did not take its frame: " + attempt.refusal();
        }
        if (attempt.neverWritten()) {
            return "no write of it ever began";
        }
        return attempt.writeError() == null ? null : "its write failed: " + attempt.writeError();
    }

    private SpanBuilder builder(String name, SpanKind kind, Context in, Instant from) {
        return tracer.spanBuilder(name).setParent(in).setSpanKind(kind).setStartTimestamp(from);
    }

    /** Nothing where an end is not proven. */
    private void span(String name, SpanKind kind, Context in, @Nullable Instant from, @Nullable Instant to) {
        if (from != null && to != null) {
            // Callbacks of two threads may tell of one instant in the wrong order: no time, not a negative one.
            builder(name, kind, in, from).startSpan().end(to.isBefore(from) ? from : to);
        }
    }

    private static void event(Span of, String name, @Nullable Instant at) {
        if (at != null) {
            of.addEvent(name, at);
        }
    }

    private static Instant latest(Instant first, @Nullable Instant... others) {
        Instant latest = first;
        for (Instant other : others) {
            if (other != null && other.isAfter(latest)) {
                latest = other;
            }
        }
        return latest;
    }
}
