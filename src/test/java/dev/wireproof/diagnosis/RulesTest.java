package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.diagnosis.Judgement.Exclusion;
import dev.wireproof.diagnosis.Judgement.Statement;
import dev.wireproof.diagnosis.Observations.Configured;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Nack;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each line of the table by hand, what excludes it, and what comes before it. */
class RulesTest {
    private static final Outgoing STUCK = new Outgoing(3, 20_000, 0, 2, true, 20_000, 4_096, null);
    private static final Outgoing IDLE_WRITER = new Outgoing(3, 20_000, 0, 2, false, 0, 0, null);
    private static final Elsewhere TWO_PROCESSES =
            new Elsewhere(2, null, List.of("192.0.2.1", "192.0.2.2"), 0, null, 4);
    private static final Elsewhere SPLIT = new Elsewhere(0, null, List.of(), 5, Seen.CONNECTION, 2);
    private static final Configured POISONED = new Configured(true, 4, false, null);

    /** One example of each verdict, in the table's order. */
    private static Map<Verdict, Seen> examples() {
        Map<Verdict, Seen> all = new LinkedHashMap<>();
        all.put(Verdict.AGENT_OFFLINE, Seen.line().offline());
        all.put(Verdict.IDENTITY_CONFLICT, Seen.acked(100).elsewhere(TWO_PROCESSES));
        all.put(Verdict.SPLIT_SESSION, Seen.acked(100).elsewhere(SPLIT));
        all.put(Verdict.SERVER_NOT_WRITING, Seen.line().outgoing(IDLE_WRITER));
        all.put(
                Verdict.SERVER_WRITE_FAILED,
                Seen.deaf(20_000).outgoing(new Outgoing(0, 0, 0, 0, false, 0, 0, "IOException: no buffer space")));
        all.put(Verdict.SERVER_WRITE_STALLED, Seen.silent(30_000).outgoing(STUCK));
        all.put(
                Verdict.AGENT_REJECTS_COMMAND,
                Seen.deaf(20_000).fate(new Fate(1, null, false, new Nack("refused", "not allowed"), false, false, 0)));
        all.put(Verdict.COMMAND_SPECIFIC, Seen.deaf(20_000).fate(new Fate(3, null, false, null, false, false, 4)));
        all.put(Verdict.ACKED_NO_RESULT, Seen.acked(100).fate(new Fate(1, 100L, false, null, false, true, 0)));
        all.put(Verdict.AGENT_SLOW_ACK, Seen.acked(9_000));
        all.put(Verdict.HEALTHY, Seen.acked(100));
        all.put(Verdict.OUTBOUND_PATH_LOST, Seen.silent(30_000).tcpLost());
        all.put(Verdict.PEER_NOT_READING, Seen.silent(30_000).tcpAcked());
        all.put(
                Verdict.PINGS_UNANSWERED,
                Seen.silent(30_000).rx(Seen.rx(3, 0, 3, false)).tcpAcked());
        all.put(Verdict.COMMAND_HANDLER_STUCK, Seen.deaf(30_000).since(new Since(30_000, 5, 30_000, 5, 3, 2, 0, 9)));
        all.put(Verdict.CONFIG_SUSPECT, Seen.deaf(30_000).configured(POISONED).rx(Seen.rx(3, 0, 3, true)));
        all.put(Verdict.AGENT_TEXT_UNPARSED, Seen.deaf(30_000).rx(Seen.rx(3, 3, 3, true)));
        all.put(Verdict.PATH_TEXT_LOSS, Seen.deaf(30_000).rx(Seen.rx(0, 0, 3, true)));
        all.put(Verdict.AGENT_NOT_PROCESSING_TEXT, Seen.deaf(30_000));
        all.put(Verdict.INCONCLUSIVE, Seen.line());
        return all;
    }

    @Test
    void every_verdict_is_reached_by_observations_of_its_own() {
        examples().forEach((verdict, seen) -> assertThat(seen.verdict()).isEqualTo(verdict));
    }

    @Test
    void the_examples_and_the_rules_are_in_the_tables_order_and_complete() {
        List<Verdict> table = Arrays.stream(Verdict.values())
                .filter(v -> v.ordinal() < Verdict.INCONCLUSIVE.ordinal())
                .toList();
        assertThat(Rules.ALL).extracting(Rules.Rule::verdict).containsExactlyElementsOf(table);
        assertThat(examples().keySet())
                .containsExactlyElementsOf(
                        Arrays.stream(Verdict.values()).limit(table.size() + 1).toList());
    }

    @Test
    void every_report_has_a_rule_evidence_and_what_is_excluded() {
        examples().forEach((verdict, seen) -> {
            Judgement judgement = seen.judge();
            assertThat(judgement.rule()).as("%s", verdict).isNotBlank();
            if (verdict != Verdict.INCONCLUSIVE) {
                assertThat(judgement.evidence()).as("%s", verdict).anyMatch(Statement::supports);
            }
            assertThat(judgement.excluded()).as("%s", verdict).isNotEmpty();
            assertThat(judgement.excluded())
                    .extracting(Exclusion::hypothesis)
                    .doesNotContain(verdict)
                    .doesNotHaveDuplicates();
        });
    }

    @Test
    void where_two_match_the_earlier_line_of_the_table_stands() {
        Seen everything = Seen.deaf(30_000)
                .since(new Since(30_000, 5, 30_000, 5, 3, 2, 0, 9))
                .rx(Seen.rx(3, 3, 3, true))
                .outgoing(STUCK)
                .rest(new Elsewhere(2, null, List.of(), 5, Seen.CONNECTION, 4), POISONED, Observations.Doubts.NONE);

        assertThat(everything.offline().verdict()).isEqualTo(Verdict.AGENT_OFFLINE);
        assertThat(everything.verdict()).isEqualTo(Verdict.IDENTITY_CONFLICT);
        Seen one = everything.rest(SPLIT, POISONED, Observations.Doubts.NONE);
        assertThat(one.verdict()).isEqualTo(Verdict.SPLIT_SESSION);
        Seen onOne = everything.rest(Elsewhere.NOTHING, POISONED, Observations.Doubts.NONE);
        assertThat(onOne.verdict()).isEqualTo(Verdict.SERVER_WRITE_STALLED);
        Seen written = onOne.outgoing(Outgoing.NOTHING_WAITS);
        assertThat(written.verdict()).isEqualTo(Verdict.COMMAND_HANDLER_STUCK);
        Seen noEcho = written.since(new Since(30_000, 5, 30_000, 5, 3, 0, 0, 9));
        assertThat(noEcho.verdict()).isEqualTo(Verdict.CONFIG_SUSPECT);
        assertThat(noEcho.configured(Configured.AT_LOGIN_ONLY).verdict()).isEqualTo(Verdict.AGENT_TEXT_UNPARSED);
    }

    @Test
    void the_founding_question_is_answered_in_words() {
        Judgement judgement = Seen.deaf(150_000).judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
        assertThat(judgement.evidence().stream().map(Statement::text).toList().toString())
                .contains("was written to the kernel in full, 3 times")
                .contains("3 command texts were read by the other end's WebSocket layer")
                .contains("no acknowledgement came in the 150 s");
        assertThat(judgement.excluded())
                .extracting(Exclusion::hypothesis)
                .contains(
                        Verdict.AGENT_OFFLINE,
                        Verdict.SERVER_NOT_WRITING,
                        Verdict.SERVER_WRITE_FAILED,
                        Verdict.SERVER_WRITE_STALLED,
                        Verdict.OUTBOUND_PATH_LOST,
                        Verdict.PEER_NOT_READING,
                        Verdict.PINGS_UNANSWERED);
        assertThat(judgement.missing()).anyMatch(what -> what.contains("counters"));
    }

    @Test
    void behind_a_proxy_the_same_says_less() {
        Seen proxied = new Seen(Seen.deaf(30_000).now());
        Seen behind = Seen.line("198.51.100.7")
                .counts(proxied.now().counts())
                .since(proxied.now().since())
                .fate(proxied.now().fate());

        assertThat(behind.verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
        assertThat(behind.judge().confidence()).isEqualTo(Confidence.LOW);
        assertThat(behind.judge().evidence()).anyMatch(s -> s.text().contains("the path after it is not excluded"));
        assertThat(behind.since(Seen.silent(30_000).now().since())
                        .tcpAcked()
                        .judge()
                        .evidence())
                .anyMatch(s -> s.text().contains("the TCP of the proxy 198.51.100.7"));
    }

    @Test
    void silence_for_less_than_the_ack_wait_with_its_jitter_is_no_silence() {
        assertThat(Seen.deaf(5_999).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(Seen.deaf(5_999).judge().missing()).anyMatch(what -> what.contains("duration_s"));
        assertThat(Seen.deaf(6_000).verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
    }

    @Test
    void an_ack_is_slow_when_the_command_was_offered_again_before_it_and_not_because_of_jitter() {
        assertThat(Seen.acked(5_500).verdict()).isEqualTo(Verdict.HEALTHY);
        assertThat(Seen.acked(5_500)
                        .fate(new Fate(2, 5_500L, true, null, true, false, 0))
                        .verdict())
                .isEqualTo(Verdict.AGENT_SLOW_ACK);
        assertThat(Seen.acked(6_001).verdict()).isEqualTo(Verdict.AGENT_SLOW_ACK);
    }

    @Test
    void a_full_buffer_at_the_other_end_is_no_lost_path() {
        Seen full = Seen.silent(30_000).tcp(new Tcp(true, false, 100, 3_000, true, 2, false));

        assertThat(full.verdict()).isEqualTo(Verdict.PEER_NOT_READING);
        assertThat(full.judge().excluded())
                .anyMatch(e -> e.hypothesis() == Verdict.OUTBOUND_PATH_LOST
                        && e.because().contains("buffer is full"));
    }

    @Test
    void a_write_that_the_server_gave_up_is_a_stall_though_its_frame_is_on_no_record_yet() {
        String reason =
                "write stall: no byte acknowledged for 15 s; unsent 3922460, unacked 0, retransmits 1, window 0";
        Judgement judgement =
                Seen.silent(30_000).ended(reason).outgoing(IDLE_WRITER).judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.SERVER_WRITE_STALLED);
        assertThat(judgement.evidence()).anyMatch(s -> s.text().contains("unsent 3922460"));
        assertThat(judgement.excluded())
                .anyMatch(e -> e.hypothesis() == Verdict.SERVER_NOT_WRITING
                        && e.because().contains("in the middle of being written"));
    }

    @Test
    void a_slow_link_is_not_stalled() {
        Outgoing slow = new Outgoing(0, 0, 0, 0, true, 20_000, 256 * 1024, null);
        assertThat(Seen.silent(30_000).outgoing(slow).verdict()).isNotEqualTo(Verdict.SERVER_WRITE_STALLED);
        assertThat(Seen.silent(30_000)
                        .outgoing(STUCK)
                        .tcp(new Tcp(true, false, 100, 3_000, false, 0, true))
                        .verdict())
                .isNotEqualTo(Verdict.SERVER_WRITE_STALLED);
    }

    @Test
    void without_the_kernels_view_unanswered_pings_are_said_with_low_confidence() {
        Judgement judgement = Seen.silent(30_000).judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.PINGS_UNANSWERED);
        assertThat(judgement.confidence()).isEqualTo(Confidence.LOW);
        assertThat(judgement.missing()).anyMatch(what -> what.contains("kernel"));
    }

    @Test
    void pings_without_a_pong_beside_acked_commands_are_told_against_a_healthy_verdict() {
        Judgement judgement = Seen.acked(100)
                .since(new Since(30_000, 4, 30_000, 0, 0, 1, 1, 4))
                .judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.HEALTHY);
        assertThat(judgement.evidence())
                .anyMatch(s -> !s.supports() && s.text().startsWith("4 Pings: none of them was answered"));
    }

    @Test
    void shed_rows_take_the_word_from_every_verdict_that_rests_on_silence() {
        examples().forEach((verdict, seen) -> {
            Judgement judgement = seen.shed(7).judge();
            boolean silent = Rules.ALL.stream().anyMatch(r -> r.verdict() == verdict && r.fromSilence());
            if (silent && verdict != Verdict.COMMAND_HANDLER_STUCK && verdict != Verdict.CONFIG_SUSPECT) {
                assertThat(judgement.verdict()).as("%s", verdict).isEqualTo(Verdict.INCONCLUSIVE);
                assertThat(judgement.missing()).anyMatch(what -> what.startsWith("evidence missing: 7 frames"));
            }
            assertThat(judgement.evidence())
                    .anyMatch(s -> !s.supports() && s.text().startsWith("evidence missing"));
        });
    }

    @Test
    void counters_that_run_backwards_are_not_used_and_are_told() {
        Rx backwards = new Rx(true, 9, 4, 0, 0, 3, 9, 3, 4, 8, 9, null, false);
        Judgement judgement = Seen.deaf(30_000).rx(backwards).judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
        assertThat(judgement.rule()).endsWith("-with-a-contradiction");
        assertThat(judgement.evidence())
                .anyMatch(s -> !s.supports() && s.text().contains("rx.text ran backwards, from 9 to 4"));
    }

    @Test
    void counters_that_claim_more_than_was_sent_are_not_used() {
        assertThat(Seen.deaf(30_000).rx(Seen.rx(50, 0, 3, true)).verdict())
                .isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
        assertThat(Seen.deaf(30_000)
                        .rx(new Rx(true, 4, 4, 0, 0, 3, 10, 3, 4, 8, 9, null, false))
                        .verdict())
                .as("it saw a Ping that was never sent")
                .isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
    }

    @Test
    void forged_pongs_count_for_nothing() {
        Judgement judgement = Seen.silent(30_000).forgedPongs(40).judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.PINGS_UNANSWERED);
        assertThat(judgement.evidence()).anyMatch(s -> s.text().startsWith("40 Pongs came that match no Ping"));
    }

    @Test
    void what_cannot_be_is_listed_and_lowers_the_confidence() {
        Judgement judgement = Seen.acked(100)
                .impossible("an ack came for an attempt that was never written")
                .judge();

        assertThat(judgement.verdict()).isEqualTo(Verdict.HEALTHY);
        assertThat(judgement.confidence()).isEqualTo(Confidence.MEDIUM);
        assertThat(judgement.evidence()).anyMatch(s -> !s.supports() && s.text().contains("never written"));
    }

    @Test
    void a_counter_that_stood_still_without_the_ping_behind_it_is_only_a_suspicion() {
        assertThat(Seen.deaf(30_000).rx(Seen.rx(0, 0, 3, false)).judge())
                .extracting(Judgement::verdict, Judgement::confidence)
                .containsExactly(Verdict.PATH_TEXT_LOSS, Confidence.LOW);
        assertThat(Seen.deaf(30_000).rx(Seen.rx(0, 0, 3, true)).judge().confidence())
                .isEqualTo(Confidence.HIGH);
    }

    @Test
    void a_hostile_message_is_shown_in_quotes_on_one_line_and_without_control_characters() {
        String hostile = "x\u0000\n\u202Ereversed\u001b[31m" + "y".repeat(5_000) + "\ud800";
        Judgement judgement = Seen.deaf(20_000)
                .fate(new Fate(1, null, false, new Nack("refused", hostile), false, false, 0))
                .judge();

        String text = judgement.evidence().getFirst().text();
        assertThat(text).hasSizeLessThan(400).doesNotContain("\u0000", "\n", "\u202E", "\u001b", "\ud800");
    }

    @Test
    void an_early_answer_is_given_only_when_nothing_can_change_it() {
        assertThat(Rules.settled(Seen.acked(100).now())).isTrue();
        assertThat(Rules.settled(Seen.acked(100)
                        .fate(new Fate(1, 100L, false, null, false, false, 0))
                        .now()))
                .as("its result may still fail to come")
                .isFalse();
        assertThat(Rules.settled(Seen.deaf(60_000).now()))
                .as("an ack may still come, and then it was slow")
                .isFalse();
        assertThat(Rules.settled(Seen.line().offline().now())).isTrue();
    }

    @Test
    void counts_are_the_contracts_letters() {
        assertThat(Seen.deaf(1).now().counts()).isEqualTo(new Counts(6, 6, 3, 0, 0, 0, 1, 0, 4));
    }
}
