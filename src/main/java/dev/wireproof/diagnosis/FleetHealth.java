package dev.wireproof.diagnosis;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is wrong with the fleet as a whole. Blocks on the database. */
public interface FleetHealth {

    /**
     * @param agents by status: pending, conflicted, suspect, online, offline
     * @param commands of the last 24 h by state
     * @param verdicts agents by the verdict of their newest diagnosis of the last 24 h
     */
    record Summary(Map<String, Long> agents, Map<String, Long> commands, Map<String, Long> verdicts) {}

    /**
     * Agents that fail in the same way: two with different signatures are two incidents until evidence joins them.
     *
     * @param rung where the judged commands stopped
     * @param limitReached whether all permitted attempts were used
     * @param beganWith first_connection, reconnect, config_update or nothing_seen
     * @param says what sets them apart, in a sentence; or that they are too few to say
     * @param separatedBy attributes that set them apart, strongest first
     * @param tested all attributes with their counts
     */
    record Incident(
            Verdict verdict,
            @Nullable String rung,
            @Nullable Boolean limitReached,
            @Nullable String beganWith,
            Instant since,
            List<AgentId> agents,
            int healthy,
            boolean tooFewToSay,
            String says,
            List<String> separatedBy,
            List<Attribute> tested) {}

    /** @param pCorrected by Holm's correction for the number of attributes */
    record Attribute(
            String attribute,
            String value,
            int inGroup,
            int group,
            int inHealthy,
            int healthy,
            double p,
            double pCorrected,
            boolean separates) {}

    /** @param sites what the caller may see; null: all */
    Summary summary(@Nullable Set<SiteId> sites);

    /** Largest first. @param sites what the caller may see; null: all */
    List<Incident> incidents(@Nullable Set<SiteId> sites);
}
