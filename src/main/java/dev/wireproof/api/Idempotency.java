package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Creating POSTs that may be repeated. The key, what it made and its answer are one transaction: a second request with the same key waits
 * for the first and gets its answer, for 24 hours, also past a restart. Answers are sealed (see {@link SealedAnswer}), because some show a
 * secret that is stored nowhere else.
 */
@Component
class Idempotency extends LoopingPart {
    private static final Duration KEPT = Duration.ofHours(24);
    private static final String FORGET_OLD = "DELETE FROM idempotent_answer WHERE created_at < :before";
    private static final String FORGET_THIS_IF_OLD =
            "DELETE FROM idempotent_answer WHERE caller = :caller AND key_hash = :key AND created_at < :before";
    /** Waits for the transaction of another request with the same key. */
    private static final String CLAIM = """
        INSERT INTO idempotent_answer (caller, key_hash, request_hash, created_at)
        VALUES (:caller, :key, :request, :now)
        ON CONFLICT DO NOTHING
        """;

    private static final String READ =
            "SELECT request_hash, status, location, body FROM idempotent_answer WHERE caller = :caller AND key_hash ="
                    + " :key";
    private static final String ANSWERED = """
        UPDATE idempotent_answer SET status = :status, location = :location, body = :body
         WHERE caller = :caller AND key_hash = :key
        """;

    private final JdbcClient db;
    private final TransactionTemplate transaction;
    private final InstantSource clock;
    private final JsonMapper json = ApiJson.mapper();

    Idempotency(JdbcClient db, TransactionTemplate transaction, InstantSource clock) {
        this.db = db;
        this.transaction = transaction;
        this.clock = clock;
    }

    /** @param body answered as JSON */
    record Made(URI location, Object body, int status) {
        Made(URI location, Object body) {
            this(location, body, 201);
        }
    }

    private record Kept(
            byte[] requestHash, int status, @Nullable String location, byte[] body) {}

    /** Makes what is asked for, once for each key. @param make runs in a transaction; its problems are not kept */
    ResponseEntity<byte[]> create(HttpServletRequest request, Caller caller, Supplier<Made> make) {
        String key = IdempotencyHeader.of(request);
        if (key == null) {
            Made made = make.get();
            return answer(made.status(), made.location().toString(), json.writeValueAsBytes(made.body()), false);
        }
        SealedAnswer seal = new SealedAnswer(Callers.secret(), key);
        byte[] requestHash = requestHash(request);
        ResponseEntity<byte[]> answer = transaction.execute(status -> claimAndMake(caller, seal, requestHash, make));
        if (answer == null) {
            throw new IllegalStateException("a transaction that makes something answers something");
        }
        return answer;
    }

    private ResponseEntity<byte[]> claimAndMake(
            Caller caller, SealedAnswer seal, byte[] requestHash, Supplier<Made> make) {
        db.sql(FORGET_THIS_IF_OLD)
                .param("caller", caller.tokenId())
                .param("key", seal.keyHash())
                .param("before", clock.instant().minus(KEPT).atOffset(ZoneOffset.UTC))
                .update();
        boolean first = db.sql(CLAIM)
                        .param("caller", caller.tokenId())
                        .param("key", seal.keyHash())
                        .param("request", requestHash)
                        .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                        .update()
                == 1;
        if (!first) {
            return replayed(caller, seal, requestHash);
        }
        Made made = make.get();
        byte[] body = json.writeValueAsBytes(made.body());
        db.sql(ANSWERED)
                .param("status", made.status())
                .param("location", made.location().toString())
                .param("body", seal.seal(body))
                .param("caller", caller.tokenId())
                .param("key", seal.keyHash())
                .update();
        return answer(made.status(), made.location().toString(), body, false);
    }

    private ResponseEntity<byte[]> replayed(Caller caller, SealedAnswer seal, byte[] requestHash) {
        Optional<Kept> kept = db.sql(READ)
                .param("caller", caller.tokenId())
                .param("key", seal.keyHash())
                .query((row, index) -> new Kept(
                        row.getBytes("request_hash"),
                        row.getInt("status"),
                        row.getString("location"),
                        row.getBytes("body")))
                .optional();
        if (kept.isEmpty()) {
            throw Problem.unavailable(1).exception(); // the first one was undone between two statements: try again
        }
        if (!MessageDigest.isEqual(kept.get().requestHash(), requestHash)) {
            throw keyReused().exception();
        }
        byte[] body = seal.open(kept.get().body())
                .orElseThrow(() -> sealed(kept.get().location()).exception());
        return answer(kept.get().status(), kept.get().location(), body, true);
    }

    /** A person's next sign-in is the same caller with another secret. */
    private static Problem sealed(@Nullable String location) {
        return Problem.conflict(
                        "idempotency-key-sealed",
                        "This was done, and answered to an earlier sign-in of yours: only that one could be shown the same"
                                + " answer again. What it made is at the location.")
                .withMembers(location == null ? Map.of() : Map.of("location", location));
    }

    static Problem keyReused() {
        return Problem.of(
                HttpStatus.UNPROCESSABLE_CONTENT,
                "idempotency-key-reused",
                "This Idempotency-Key was used with another request.");
    }

    private static ResponseEntity<byte[]> answer(int status, @Nullable String location, byte[] body, boolean again) {
        ResponseEntity.BodyBuilder answer = ResponseEntity.status(status).contentType(MediaType.APPLICATION_JSON);
        if (location != null) {
            answer.location(URI.create(location));
        }
        if (again) {
            answer.header("Idempotency-Replayed", "true");
        }
        return answer.body(body);
    }

    private static byte[] requestHash(HttpServletRequest request) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update((request.getMethod() + " " + request.getRequestURI() + "\n").getBytes(StandardCharsets.UTF_8));
            return sha.digest(BodyReader.bodyHash(request));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    void forgetOld() {
        db.sql(FORGET_OLD)
                .param("before", clock.instant().minus(KEPT).atOffset(ZoneOffset.UTC))
                .update();
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.start(
                "idempotent-answers", Duration.ofMinutes(10), Duration.ofSeconds(2), this::forgetOld));
    }
}
