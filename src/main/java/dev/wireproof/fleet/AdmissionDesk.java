package dev.wireproof.fleet;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wireproof.access.AgentKeys;
import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.ServerMessage.RejectCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Lets agents in. A reconnect of a known agent costs two indexed reads, and a write only when something about it changed. Unknown agent
 * and wrong key are one answer; {@code revoked} is told only to who shows the right key.
 */
@Component
class AdmissionDesk implements AgentAdmission {
    private static final Logger log = LoggerFactory.getLogger(AdmissionDesk.class);
    private static final int RETRY_BAD_CREDENTIALS_S = 60;
    private static final int RETRY_LIMITED_S = 60;
    private static final int RETRY_CROWDED_S = 5;
    private static final int RETRY_REVOKED_S = 3_600;

    private final AgentKeys keys;
    private final AgentRows agents;
    private final Enrolment enrolment;
    private final EnrolmentConfirmations confirmations;
    private final AuditLog audit;
    private final AuthFailures failures;

    AdmissionDesk(
            AgentKeys keys,
            AgentRows agents,
            Enrolment enrolment,
            EnrolmentConfirmations confirmations,
            AuditLog audit,
            FleetSettings settings) {
        this.keys = keys;
        this.agents = agents;
        this.enrolment = enrolment;
        this.confirmations = confirmations;
        this.audit = audit;
        this.failures = new AuthFailures(settings.authFailuresPerMinute(), Ticker.systemTicker());
    }

    @Override
    public Admission admit(AgentMessage.Auth auth, String remoteAddress) {
        if (!failures.tooMany(remoteAddress) || failures.passedBefore(fingerprint(auth))) {
            return check(auth, remoteAddress);
        }
        if (!failures.mayCheckSuspect()) {
            return new Admission.Refused(
                    RejectCode.RATE_LIMITED, "too many refused Auths from this address", RETRY_CROWDED_S);
        }
        try {
            return check(auth, remoteAddress);
        } finally {
            failures.checked();
        }
    }

    private Admission check(AgentMessage.Auth auth, String remoteAddress) {
        Admission answer = switch (auth.credentials()) {
            case Credentials.Enrolled(AgentId agent, String key) -> returning(agent, key, auth);
            case Credentials.Enrolling(String token, String deviceId) ->
                enrolment.enrol(token, deviceId, auth, remoteAddress);
        };
        if (answer instanceof Admission.Refused refused && refused.code() != RejectCode.REVOKED) {
            return refused(refused, auth, remoteAddress);
        }
        if (answer instanceof Admission.Admitted) {
            failures.passed(fingerprint(auth));
        }
        return answer;
    }

    private Admission returning(AgentId agent, String key, AgentMessage.Auth auth) {
        if (!(keys.check(agent, key) instanceof AgentKeys.Check.Right right)) {
            return new Admission.Refused(
                    RejectCode.BAD_CREDENTIALS, "agent_id or agent_key is wrong", RETRY_BAD_CREDENTIALS_S);
        }
        Optional<AgentRows.Known> row = agents.known(agent);
        SiteId site = row.map(AgentRows.Known::site).orElse(null);
        if (row.isEmpty() || row.get().deleted() || site == null) {
            return new Admission.Refused(
                    RejectCode.REVOKED, "this agent was deleted; it may enrol anew", RETRY_REVOKED_S);
        }
        AgentRows.Known known = row.get();
        if (!right.confirmed()) {
            keys.confirm(agent, right.keyId());
            agents.confirmEnrollment(List.of(agent));
        }
        AgentDescription told = AgentDescription.of(auth);
        if (!told.equals(known.description())) {
            agents.describe(agent, told);
        }
        // The old key stays valid until an Auth with the new one: this AuthAck may be lost.
        String newKey = right.rotationDue() ? keys.issue(agent) : null;
        return new Admission.Admitted(agent, site, known.pending(), newKey, known.configVersion(), known.config());
    }

    private Admission refused(Admission.Refused refused, AgentMessage.Auth auth, String remoteAddress) {
        int count = failures.failed(remoteAddress);
        boolean limit = failures.limitReachedAt(count);
        if (count == 1 || limit) {
            log.atWarn()
                    .addKeyValue("address", remoteAddress)
                    .addKeyValue("code", refused.code())
                    .addKeyValue("failures", count)
                    .log("admission.refused");
            audit.recordSoon(new AuditEntry(
                    "agent",
                    null,
                    limit ? "agent.auth_limited" : "agent.auth_refused",
                    claimed(auth),
                    null,
                    remoteAddress,
                    refused.code().name().toLowerCase(Locale.ROOT),
                    Map.of("failures_this_minute", Integer.toString(count))));
        }
        return failures.tooMany(remoteAddress) && refused.code() == RejectCode.BAD_CREDENTIALS
                ? new Admission.Refused(
                        RejectCode.RATE_LIMITED, "too many refused Auths from this address", RETRY_LIMITED_S)
                : refused;
    }

    /** Who it says it is; no secret. */
    private static String claimed(AgentMessage.Auth auth) {
        return switch (auth.credentials()) {
            case Credentials.Enrolled(AgentId agent, String unused) -> agent.toString();
            case Credentials.Enrolling(String unused, String deviceId) -> "device " + deviceId;
        };
    }

    private static long fingerprint(AgentMessage.Auth auth) {
        String shown = switch (auth.credentials()) {
            case Credentials.Enrolled(AgentId agent, String key) -> agent + " " + key;
            case Credentials.Enrolling(String token, String deviceId) -> token + " " + deviceId;
        };
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(shown.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(hash).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public void enrollmentConfirmed(AgentId agent) {
        confirmations.add(agent);
    }
}
