package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class CommandPathTest {
    private static final long S = 1_000_000_000L;
    private static final Instant OPENED = Instant.parse("2026-03-29T00:59:00Z");

    private static CommandPath path(
            long nowS, long ackS, long echoS, long provenSinceS, long echoSentS, long echoOverdueS, long ackOverdueS) {
        return CommandPath.of(
                new CommandPath.Seen(
                        nowS * S,
                        S,
                        ns(ackS),
                        ns(echoS),
                        ns(provenSinceS),
                        ns(echoSentS),
                        ns(echoOverdueS),
                        ns(echoOverdueS),
                        ns(ackOverdueS - 5),
                        ns(ackOverdueS),
                        ns(ackOverdueS)),
                OPENED::plusNanos);
    }

    private static long ns(long seconds) {
        return seconds < 0 ? -1 : seconds * S;
    }

    @Test
    void being_connected_proves_nothing() {
        CommandPath path = path(500, -1, -1, -1, -1, -1, -1);
        assertThat(path.status()).isEqualTo(CommandPath.Status.UNPROVEN);
        assertThat(path.since()).isEqualTo(OPENED.plusSeconds(1));
        assertThat(path.evidence()).contains("2026-03-29T00:59:01.000000Z").contains("no Echo was answered");
    }

    @Test
    void an_echo_reply_or_an_ack_proves_it_for_150_seconds_and_names_its_time() {
        CommandPath byEcho = path(160, -1, 10, 10, -1, -1, -1);
        assertThat(byEcho.status()).isEqualTo(CommandPath.Status.PROVEN);
        assertThat(byEcho.since()).isEqualTo(OPENED.plusSeconds(10));
        assertThat(byEcho.evidence())
                .isEqualTo("The agent answered an Echo on its live connection at 2026-03-29T00:59:10.000000Z.");
        assertThat(path(20, 15, 10, 10, -1, -1, -1).evidence())
                .contains("acknowledged a command")
                .contains("00:59:15");
    }

    @Test
    void older_proof_is_none() {
        CommandPath path = path(161, -1, 10, 10, -1, -1, -1);
        assertThat(path.status()).isEqualTo(CommandPath.Status.UNPROVEN);
        assertThat(path.since()).isEqualTo(OPENED.plusSeconds(160));
        assertThat(path.evidence()).contains("00:59:10").contains("more than 150 s ago");
    }

    @Test
    void an_echo_that_stays_unanswered_is_evidence_against_and_outweighs_older_proof() {
        CommandPath path = path(45, -1, 10, 10, 30, 40, -1);
        assertThat(path.status()).isEqualTo(CommandPath.Status.FAILING);
        assertThat(path.since()).isEqualTo(OPENED.plusSeconds(40));
        assertThat(path.evidence())
                .isEqualTo("An Echo that was written at 2026-03-29T00:59:30.000000Z was not answered by"
                        + " 2026-03-29T00:59:40.000000Z; the last answer came at 2026-03-29T00:59:10.000000Z.");
    }

    @Test
    void an_ack_that_came_later_outweighs_it_again() {
        assertThat(path(45, 41, 10, 41, 30, 40, -1).status()).isEqualTo(CommandPath.Status.PROVEN);
    }

    @Test
    void a_command_whose_ack_wait_passed_is_evidence_against() {
        CommandPath path = path(60, -1, 10, 10, -1, -1, 50);
        assertThat(path.status()).isEqualTo(CommandPath.Status.FAILING);
        assertThat(path.evidence()).contains("was not acknowledged by 2026-03-29T00:59:50.000000Z");
    }

    @Test
    void an_echo_that_could_not_even_be_written_is_called_that() {
        assertThat(path(45, -1, -1, -1, -1, 40, -1).evidence())
                .contains("was not even written")
                .contains("before");
    }

    @Test
    void an_agent_that_is_away_cannot_be_reached_and_the_end_of_its_connection_says_since_when() {
        CommandPath path = CommandPath.offline(OPENED, 4410, "outbound unproven");
        assertThat(path.status()).isEqualTo(CommandPath.Status.FAILING);
        assertThat(path.since()).isEqualTo(OPENED);
        assertThat(path.evidence()).contains("close code 4410 (outbound unproven)");
        assertThat(CommandPath.offline(null, null, null).evidence()).contains("not on record");
    }
}
