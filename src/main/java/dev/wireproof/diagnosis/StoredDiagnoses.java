package dev.wireproof.diagnosis;

import dev.wireproof.command.TimelineEntry;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The door's inside. */
final class StoredDiagnoses implements Diagnoses {
    private final DiagnosisTable table;
    private final Probes probes;
    private final CommandTimeline timeline;
    private final EvidenceBundle bundle;
    private final Supplier<EvidenceKey> key;

    StoredDiagnoses(
            DiagnosisTable table,
            Probes probes,
            CommandTimeline timeline,
            EvidenceBundle bundle,
            Supplier<EvidenceKey> key) {
        this.key = key;
        this.table = table;
        this.probes = probes;
        this.timeline = timeline;
        this.bundle = bundle;
    }

    @Override
    public Begun probe(AgentId agent, SiteId site, Duration duration, boolean evictAndRepeat, String by) {
        return probes.begin(agent, site, duration, evictAndRepeat, by);
    }

    @Override
    public Optional<Diagnosis> find(UUID id) {
        return table.find(id);
    }

    @Override
    public Optional<Diagnosis> ofCommand(CommandId command) {
        return table.ofCommand(command);
    }

    @Override
    public Map<CommandId, UUID> ofCommands(Collection<CommandId> commands) {
        return table.ofCommands(commands);
    }

    @Override
    public List<Diagnosis> ofAgent(AgentId agent, @Nullable Set<SiteId> sites, @Nullable UUID before, int limit) {
        return table.ofAgent(agent, sites, before, limit);
    }

    @Override
    public Optional<List<TimelineEntry>> timeline(CommandId command) {
        return timeline.of(command);
    }

    @Override
    public Optional<byte[]> evidence(CommandId command) {
        return bundle.of(command);
    }

    @Override
    public EvidenceSigner signer() {
        EvidenceKey signing = key.get();
        return new EvidenceSigner(EvidenceKey.ALGORITHM, signing.keyId(), signing.publicKey());
    }
}
