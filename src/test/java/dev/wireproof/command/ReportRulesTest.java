package dev.wireproof.command;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an agent says of a command: acks, nacks, results; and how long a result is waited for. */
class ReportRulesTest {

    @Test
    void an_ack_proves_that_the_agent_has_it_and_a_start_that_it_runs() {
        Story story = Story.offered().ack();
        assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        story.start();
        assertThat(story.facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
    }

    @Test
    void an_ack_of_an_older_offer_does_not_count_the_newest() {
        Story story = Story.offered();
        story.due();
        story.ack(1, AckStatus.ACCEPTED);
        assertThat(story.facts.offers()).isEqualTo(2);
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
    }

    @Test
    void repeated_acks_change_nothing() {
        Story story = Story.acked();
        CommandFacts before = story.facts;
        story.ack();
        assertThat(story.last).isInstanceOf(Transition.Stayed.class);
        assertThat(story.facts).isEqualTo(before);
    }

    @Test
    void a_quick_agent_may_skip_the_ack_and_the_start() {
        assertThat(Story.offered().print().facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(Story.offered().finish(Outcome.EXITED, 0).facts.state()).isEqualTo(CommandState.SUCCEEDED);
    }

    @Test
    void an_ack_of_an_offer_that_was_proven_unwritten_is_believed_and_the_contradiction_recorded() {
        Story story = Story.offered().neverWritten(1).ack();
        assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
        assertThat(story.notes()).singleElement().asString().contains("proven unwritten");
    }

    @Test
    void proof_that_nothing_was_written_after_an_ack_is_recorded_as_a_contradiction() {
        Story story = Story.acked().neverWritten(1);
        assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
        assertThat(story.notes()).singleElement().asString().startsWith("contradiction");
    }

    @Test
    void an_answer_without_a_completed_write_is_recorded_in_whatever_state() {
        for (Story story : List.of(Story.offered(), Story.acked(), Story.undeliverable())) {
            CommandState before = story.facts.state();
            story.tell(new CommandEvent.AnsweredUnwritten(story.now, story.line.id(), 1, "its write failed: reset"));
            assertThat(story.facts.state()).isEqualTo(before);
            assertThat(story.notes()).singleElement().asString().contains("attempt 1", "its write failed");
        }
    }

    @Test
    void a_text_that_was_altered_on_its_way_is_recorded() {
        Story story = Story.offered();
        story.tell(new CommandEvent.Acked(story.now, story.line, 1, AckStatus.ACCEPTED, true));
        assertThat(story.notes()).singleElement().asString().contains("altered in transit");
    }

    @Test
    void busy_leaves_it_offered_and_counts_no_attempt() {
        Story story = Story.offered().peerRead();
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        story.nack(NackCode.BUSY);
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.attemptsUsed()).isZero();
        story.nack(NackCode.BUSY).peerRead();
        assertThat(story.facts.attemptsUsed()).isZero();
        story.due();
        assertThat(story.sentCommand()).isTrue();
        assertThat(story.facts.attemptsUsed()).isZero();
    }

    @Test
    void busy_to_an_older_offer_does_not_uncount_the_newest() {
        Story story = Story.offered();
        story.due();
        story.peerRead().nack(1, NackCode.BUSY);
        assertThat(story.facts.attemptsUsed()).isEqualTo(2);
    }

    @Test
    void unparsable_is_offered_once_more_and_the_second_one_rejects() {
        Story story = Story.offered().nack(NackCode.UNPARSABLE);
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        story.due();
        assertThat(story.sentCommand()).isTrue();
        story.nack(NackCode.UNPARSABLE);
        assertThat(story.facts.state()).isEqualTo(CommandState.REJECTED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
    }

    @Test
    void the_same_unparsable_told_twice_is_one() {
        Story story = Story.offered().nack(NackCode.UNPARSABLE).nack(NackCode.UNPARSABLE);
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        story.nack(7, NackCode.UNPARSABLE);
        assertThat(story.facts.state()).as("of an offer that never was").isEqualTo(CommandState.OFFERED);
    }

    @ParameterizedTest
    @EnumSource(
            value = NackCode.class,
            names = {"UNSUPPORTED", "BAD_SIGNATURE", "REFUSED"})
    void what_a_repeat_cannot_heal_rejects_at_once(NackCode code) {
        Story story = Story.offered().nack(code);
        assertThat(story.facts.state()).isEqualTo(CommandState.REJECTED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
    }

    @Test
    void a_nack_expired_ends_it_expired_and_not_run_also_after_an_ack() {
        for (Story story : List.of(Story.offered(), Story.acked())) {
            story.nack(NackCode.EXPIRED);
            assertThat(story.facts.state()).isEqualTo(CommandState.EXPIRED);
            assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
        }
    }

    @Test
    void a_nack_after_the_start_is_a_contradiction_and_nothing_else() {
        Story story = Story.running().nack(NackCode.EXPIRED);
        assertThat(story.facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
        assertThat(story.notes()).hasSize(1);
    }

    @Test
    void a_nack_by_an_agent_with_another_record_does_not_prove_that_it_never_ran() {
        Story offered = Story.offered().on(Story.line(2, Story.OTHER_RECORD)).nack(NackCode.REFUSED);
        assertThat(offered.facts.state()).isEqualTo(CommandState.REJECTED);
        assertThat(offered.facts.certainty()).isEqualTo(Certainty.UNKNOWN);

        Story acked = Story.acked().on(Story.line(2, Story.OTHER_RECORD)).nack(NackCode.EXPIRED);
        assertThat(acked.facts.certainty())
                .as("that it was received stays proven")
                .isEqualTo(Certainty.RECEIVED);
    }

    @Test
    void a_result_ends_it_by_what_it_says() {
        assertThat(Story.running().finish(Outcome.EXITED, 0).facts.state()).isEqualTo(CommandState.SUCCEEDED);
        assertThat(Story.running().finish(Outcome.EXITED, 1).facts.state()).isEqualTo(CommandState.FAILED);
        assertThat(Story.running().finish(Outcome.EXITED, null).facts.state()).isEqualTo(CommandState.FAILED);
        assertThat(Story.running().finish(Outcome.INTERRUPTED, null).facts.state())
                .isEqualTo(CommandState.FAILED);
        assertThat(Story.running().finish(Outcome.TIMED_OUT, null).facts.state())
                .isEqualTo(CommandState.TIMED_OUT);
        assertThat(Story.acked().finish(Outcome.FAILED_TO_START, null).facts.state())
                .isEqualTo(CommandState.FAILED);
        assertThat(Reports.stateOf(Outcome.EXITED, 0, "SIGKILL")).isEqualTo(CommandState.FAILED);
    }

    @Test
    void a_result_proves_execution_unless_it_says_that_nothing_ran() {
        for (Outcome ran : List.of(Outcome.EXITED, Outcome.TIMED_OUT, Outcome.INTERRUPTED)) {
            assertThat(Story.acked().finish(ran, null).facts.certainty()).isEqualTo(Certainty.EXECUTED);
        }
        assertThat(Story.acked().finish(Outcome.FAILED_TO_START, null).facts.certainty())
                .isEqualTo(Certainty.NOT_RUN);
    }

    @Test
    void what_was_seen_to_run_is_never_called_not_run() {
        for (Outcome outcome : Outcome.values()) {
            assertThat(Story.running().finish(outcome, null).facts.certainty())
                    .as("%s", outcome)
                    .isEqualTo(Certainty.EXECUTED);
        }
    }

    @Test
    void a_result_is_final_and_each_copy_is_acknowledged() {
        Story story = Story.running().finish(Outcome.EXITED, 0);
        assertThat(story.acknowledgedResult()).isTrue();
        CommandFacts committed = story.facts;
        story.finish(Outcome.EXITED, 0);
        assertThat(story.acknowledgedResult()).isTrue();
        assertThat(story.notes()).isEmpty();
        assertThat(story.facts).isEqualTo(committed);
    }

    @Test
    void the_first_result_stands_and_a_different_copy_is_evidence() {
        Story story = Story.running().finish(Outcome.EXITED, 0).finish(Outcome.EXITED, 9);
        assertThat(story.facts.state()).isEqualTo(CommandState.SUCCEEDED);
        assertThat(story.facts.exitCode()).isZero();
        assertThat(story.acknowledgedResult()).isTrue();
        assertThat(story.notes()).singleElement().asString().contains("exit code 9", "the first one stands");
    }

    @Test
    void evidence_of_one_command_is_bounded() {
        Story story = Story.running().finish(Outcome.EXITED, 0);
        for (int copy = 0; copy < 200; copy++) {
            story.finish(Outcome.EXITED, copy + 1);
        }
        assertThat(story.facts.notes()).isEqualTo(DeliveryPolicy.MAX_NOTES);
    }

    @Test
    void no_result_in_the_timeout_and_grace_after_the_start_ends_it_while_the_agent_is_connected() {
        Story story = Story.running();
        assertThat(story.facts.dueAt()).isEqualTo(story.now.plus(Duration.ofMinutes(10)));
        story.due();
        assertThat(story.facts.state()).isEqualTo(CommandState.TIMED_OUT);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
    }

    @Test
    void silence_of_an_agent_that_is_away_is_waited_for_until_its_record_is_gone() {
        Story story = Story.running();
        story.after(Duration.ofMinutes(10))
                .tell(new CommandEvent.DuePassed(story.now, null, OfferReason.ACK_OVERDUE, Progress.UNSEEN, 0));
        assertThat(story.facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(story.facts.dueAt())
                .isEqualTo(story.facts.expiresAt().plusSeconds(300).plus(Duration.ofDays(7)));
        story.to(requireNonNull(story.facts.dueAt()))
                .tell(new CommandEvent.DuePassed(story.now, null, OfferReason.ACK_OVERDUE, Progress.UNSEEN, 0));
        assertThat(story.facts.state()).isEqualTo(CommandState.TIMED_OUT);
    }

    @Test
    void an_agent_that_comes_back_has_the_grace_to_tell() {
        Story story = Story.running();
        story.after(Duration.ofHours(3)).tell(new CommandEvent.LineOpened(story.now, Story.NEXT_LINE));
        assertThat(story.facts.dueAt()).isEqualTo(story.now.plus(Duration.ofMinutes(5)));
    }

    @Test
    void what_was_acknowledged_and_never_started_has_until_the_last_moment() {
        Story story = Story.acked();
        assertThat(story.facts.dueAt()).isEqualTo(story.facts.lastChance());
        story.due();
        assertThat(story.facts.state()).isEqualTo(CommandState.TIMED_OUT);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
    }
}
