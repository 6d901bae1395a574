package dev.wireproof.fleet;

import dev.wireproof.access.AgentKeys;
import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.access.EnrollmentTokens;
import dev.wireproof.access.EnrollmentTokens.EnrollmentToken;
import dev.wireproof.access.StorableText;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage.RejectCode;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A machine that shows an enrollment token. An unknown device becomes an agent. One whose AuthAck was lost gets the same identity with a
 * new key. Any other known device becomes a new, pending agent: a token never takes over an identity (docs/protocol.md, "Enrolment").
 */
@Component
class Enrolment {
    private static final int RETRY_S = 300;
    private static final int PENDING_FOR_ONE_DEVICE = 16;
    /** The column is indexed, and an index has a longest entry. */
    private static final int DEVICE_ID_LENGTH = 255;

    private final EnrollmentTokens tokens;
    private final AgentKeys keys;
    private final AgentRows agents;
    private final Configs configs;
    private final EnrolmentConfirmations confirmations;
    private final ObjectProvider<OnlineCheck> online;
    private final AuditLog audit;
    private final TransactionTemplate transaction;
    private final InstantSource clock;

    Enrolment(
            EnrollmentTokens tokens,
            AgentKeys keys,
            AgentRows agents,
            Configs configs,
            EnrolmentConfirmations confirmations,
            ObjectProvider<OnlineCheck> online,
            AuditLog audit,
            TransactionTemplate transaction,
            InstantSource clock) {
        this.tokens = tokens;
        this.keys = keys;
        this.agents = agents;
        this.configs = configs;
        this.confirmations = confirmations;
        this.online = online;
        this.audit = audit;
        this.transaction = transaction;
        this.clock = clock;
    }

    /** The last use of the token was taken by another machine between the look and the count. */
    private static final class SpentMeanwhile extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SpentMeanwhile() {
            super("spent meanwhile", null, false, false);
        }
    }

    Admission enrol(String secret, String deviceId, AgentMessage.Auth auth, String remoteAddress) {
        Optional<EnrollmentToken> found = tokens.bySecret(secret);
        if (found.isEmpty()) {
            return new Admission.Refused(RejectCode.BAD_CREDENTIALS, "enrollment_token is wrong", RETRY_S);
        }
        if (deviceId.length() > DEVICE_ID_LENGTH) {
            return new Admission.Refused(
                    RejectCode.BAD_CREDENTIALS, "device_id has over " + DEVICE_ID_LENGTH + " characters", RETRY_S);
        }
        EnrollmentToken token = found.get();
        if (token.expired(clock.instant())) {
            return new Admission.Refused(RejectCode.TOKEN_EXPIRED, "this enrollment token has expired", RETRY_S);
        }
        try {
            Admission answer = transaction.execute(
                    status -> decide(token, StorableText.of(deviceId), AgentDescription.of(auth), remoteAddress));
            return answer == null ? usedUp() : answer;
        } catch (SpentMeanwhile e) {
            return usedUp();
        }
    }

    private Admission decide(EnrollmentToken token, String device, AgentDescription told, String remoteAddress) {
        List<AgentRows.SameDevice> same = agents.lockDevice(device);
        for (AgentRows.SameDevice earlier : same) {
            if (ackWasLost(earlier, token)) {
                return again(earlier, told);
            }
        }
        if (token.usedUp()) {
            return usedUp();
        }
        if (same.stream().filter(AgentRows.SameDevice::pending).count() >= PENDING_FOR_ONE_DEVICE) {
            return new Admission.Refused(
                    RejectCode.RATE_LIMITED, "too many pending agents of this device_id await approval", RETRY_S);
        }
        return enrolled(
                token, device, told, same.isEmpty() ? null : original(same).id(), remoteAddress);
    }

    private static AgentRows.SameDevice original(List<AgentRows.SameDevice> same) {
        return same.stream().filter(agent -> !agent.pending()).findFirst().orElseGet(same::getFirst);
    }

    private boolean ackWasLost(AgentRows.SameDevice earlier, EnrollmentToken token) {
        if (earlier.confirmed()
                || confirmations.waiting(earlier.id())
                || !earlier.enrolledWith().equals(token.id())) {
            return false;
        }
        OnlineCheck check = online.getIfAvailable();
        return check == null || !check.online(earlier.id());
    }

    private Admission again(AgentRows.SameDevice earlier, AgentDescription told) {
        String key = keys.issue(earlier.id());
        agents.describe(earlier.id(), told);
        return admitted(earlier.id(), earlier.site(), earlier.pending(), key);
    }

    private Admission enrolled(
            EnrollmentToken token,
            String device,
            AgentDescription told,
            @Nullable AgentId sameDeviceAs,
            String remoteAddress) {
        AgentId id = new AgentId(Uuids.version7(clock.instant()));
        agents.insert(id, token.site(), device, told, sameDeviceAs, token.id());
        String key = keys.issueFirst(id);
        audit.recordOnceStored(new AuditEntry(
                "enrollment",
                token.id(),
                sameDeviceAs == null ? "agent.enrol" : "agent.enrol_pending",
                "agent " + id,
                token.site(),
                remoteAddress,
                "ok",
                Map.of("hostname", told.hostname())));
        Admission answer = admitted(id, token.site(), sameDeviceAs != null, key);
        // Last, because all machines that enrol with this token queue for its row.
        if (!tokens.spend(token.id())) {
            throw new SpentMeanwhile();
        }
        return answer;
    }

    private Admission admitted(AgentId id, SiteId site, boolean pending, String key) {
        Configs.Effective config = configs.effective(id, site);
        return new Admission.Admitted(id, site, pending, key, config.version(), config.config());
    }

    private static Admission usedUp() {
        return new Admission.Refused(RejectCode.TOKEN_USED_UP, "this enrollment token was used up", RETRY_S);
    }
}
