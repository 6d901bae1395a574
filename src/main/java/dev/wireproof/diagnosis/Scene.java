package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.diagnosis.Observations.Waits;
import dev.wireproof.id.CommandId;
import dev.wireproof.telemetry.HeartbeatRow;
import dev.wireproof.telemetry.SeenFrame;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that was found about one connection in one window, as it is recorded; {@link Reading} makes observations of it. Times are
 * nanoseconds since the connection opened.
 *
 * @param fromNs where the window begins; frames from up to 3 minutes before it are there for comparison
 * @param endNs where it ends: now, or when the connection ended
 * @param traced whether every frame was kept and a Ping was due each 5 s
 * @param subject the judged command; null: none was sent
 * @param timeoutS of the judged command
 * @param resultKnown whether the command has a result, on whatever connection it came
 * @param attempts of the judged command, on any connection
 * @param offered of the commands that acks among them name, those that were ever offered to this agent
 * @param configs ConfigUpdate texts of this connection, from its beginning
 * @param configAcks ConfigAck texts likewise
 * @param firstAcks the first acks on this connection
 * @param configRefused the agent's words; null: none
 * @param faults protocol errors that the agent sent on this connection
 * @param shed frames of the window that could not be kept
 */
record Scene(
        Line line,
        long fromNs,
        long endNs,
        boolean traced,
        @Nullable CommandId subject,
        int timeoutS,
        boolean resultKnown,
        List<AttemptView> attempts,
        List<SeenFrame> frames,
        Set<CommandId> offered,
        List<HeartbeatRow> heartbeats,
        List<SeenFrame> configs,
        List<SeenFrame> configAcks,
        List<SeenFrame> firstAcks,
        @Nullable String configRefused,
        List<AgentFaults.Fault> faults,
        long shed,
        Tcp tcp,
        Elsewhere elsewhere,
        List<SeenFrame> stale,
        Waits waits) {}
