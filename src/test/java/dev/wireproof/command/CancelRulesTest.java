package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CancelRulesTest {

    @Test
    void a_queued_command_is_cancelled_at_once_and_proven_not_received() {
        Story story = Story.queued().cancel();
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        assertThat(story.sentCancel()).isFalse();
    }

    @Test
    void an_offered_one_whose_frame_never_left_is_cancelled_at_once_too() {
        Story story = Story.offered().neverWritten(1).cancel();
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
    }

    @Test
    void one_whose_frame_is_proven_unwritten_after_the_cancel_ends_then() {
        for (Story story : List.of(
                Story.offered().cancel().neverWritten(1),
                Story.offered().cancel().refusedByQueue())) {
            assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
            assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        }
    }

    @Test
    void an_offered_one_gets_commandcancel_in_the_place_of_its_next_offers_by_the_same_waits() {
        Story story = Story.offered().after(Duration.ofSeconds(1)).cancel();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.cancelRequestedAt()).isEqualTo(story.now);
        assertThat(story.sentCancel()).isTrue();
        assertThat(story.facts.nextOfferAt()).isEqualTo(story.now.plusSeconds(10));
        int cancels = 1;
        while (!story.facts.state().ended()) {
            story.due();
            assertThat(story.sentCommand()).isFalse();
            cancels += story.sentCancel() ? 1 : 0;
        }
        assertThat(cancels).isEqualTo(10);
        assertThat(story.facts.offers()).isEqualTo(1);
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void commandcancel_goes_out_once_at_least_though_all_attempts_are_used() {
        Story story = Story.offered();
        for (int attempt = 1; attempt < 10; attempt++) {
            story.due();
        }
        story.peerRead().cancel();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.sentCancel()).isTrue();
        story.due();
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
    }

    @Test
    void for_an_agent_that_is_away_it_goes_out_when_it_comes() {
        Story story = Story.offered().away().cancelWhileAway();
        assertThat(story.sentCancel()).isFalse();
        assertThat(story.facts.dueAt()).isEqualTo(story.facts.expiresAt());
        story.on(Story.NEXT_LINE).offer();
        assertThat(story.sentCommand()).isFalse();
        assertThat(story.sentCancel()).isTrue();
    }

    @Test
    void nobody_answers_and_it_expires_cancelled() {
        Story story = Story.offered().away().cancelWhileAway();
        story.to(story.facts.expiresAt())
                .tell(new CommandEvent.DuePassed(story.now, null, OfferReason.ACK_OVERDUE, Progress.UNSEEN, 0));
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_connection_that_flaps_for_ever_gets_no_endless_cancels() {
        Story story = Story.offered().cancel();
        int lines = 0;
        while (!story.facts.state().ended()) {
            assertThat(lines).isLessThan(200);
            story.on(Story.line(100 + lines++, Story.RECORD)).offer().after(Duration.ofMillis(10));
        }
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
    }

    @Test
    void the_agents_answer_ends_it() {
        Story confirmed = Story.offered().cancel();
        confirmed.tell(
                new CommandEvent.Finished(confirmed.now, confirmed.line, Story.result(Outcome.CANCELLED, null, null)));
        assertThat(confirmed.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(confirmed.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
        assertThat(confirmed.facts.late()).isFalse();

        Story tooLate = Story.offered().cancel().finish(Outcome.EXITED, 0);
        assertThat(tooLate.facts.state()).isEqualTo(CommandState.SUCCEEDED);
    }

    @Test
    void an_acknowledged_one_is_cancelled_on_each_connection_until_answered() {
        Story story = Story.acked().cancel();
        assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
        assertThat(story.sentCancel()).isTrue();
        story.tell(new CommandEvent.LineOpened(story.now, Story.LINE));
        assertThat(story.sentCancel()).as("once for a connection").isFalse();
        story.tell(new CommandEvent.LineOpened(story.now, Story.NEXT_LINE));
        assertThat(story.sentCancel()).isTrue();
        story.tell(new CommandEvent.LineOpened(story.now, Story.THIRD_LINE));
        assertThat(story.sentCancel()).isTrue();
        story.on(Story.THIRD_LINE).finish(Outcome.CANCELLED, null);
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
    }

    @Test
    void a_running_one_that_is_cancelled_while_the_agent_is_away_hears_of_it_when_it_comes() {
        Story story = Story.running().cancelWhileAway();
        assertThat(story.sentCancel()).isFalse();
        story.tell(new CommandEvent.LineOpened(story.now, Story.NEXT_LINE));
        assertThat(story.sentCancel()).isTrue();
    }

    @Test
    void an_ack_that_says_it_runs_is_answered_with_commandcancel_too() {
        Story story = Story.offered().cancelWhileAway();
        story.ack(1, AckStatus.RUNNING);
        assertThat(story.facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(story.sentCancel()).isTrue();
    }

    @Test
    void a_record_that_has_it_is_answered_with_commandcancel_too() {
        Story story = Story.offered().cancelWhileAway().ledger(LedgerStatus.ACCEPTED);
        assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
        assertThat(story.sentCancel()).isTrue();
    }

    @Test
    void each_late_ack_of_a_cancelled_one_is_answered_with_commandcancel() {
        Story story = Story.cancelledUnanswered().ack();
        assertThat(story.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
        assertThat(story.sentCancel()).isTrue();
        story.ack();
        assertThat(story.sentCancel()).isTrue();
    }

    @Test
    void a_flood_of_output_of_a_cancelled_one_is_answered_once() {
        Story story = Story.cancelledUnanswered().on(Story.NEXT_LINE).print();
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
        assertThat(story.sentCancel()).isTrue();
        story.print();
        assertThat(story.sentCancel()).isFalse();
    }

    @Test
    void a_late_result_of_a_cancelled_one_revives_it() {
        Story story = Story.cancelledUnanswered().finish(Outcome.EXITED, 3);
        assertThat(story.facts.state()).isEqualTo(CommandState.FAILED);
        assertThat(story.facts.late()).isTrue();
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
    }

    @Test
    void a_second_cancel_changes_nothing_and_an_ended_one_is_not_cancelled() {
        Story story = Story.offered().cancel();
        CommandFacts before = story.facts;
        story.cancel();
        assertThat(story.facts).isEqualTo(before);
        assertThat(Story.undeliverable().cancel().last).isInstanceOf(Transition.Refused.class);
    }
}
