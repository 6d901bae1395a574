package dev.wireproof.command;

import dev.wireproof.signing.CommandSigning;
import java.util.function.DoubleSupplier;

/** What every batch of a server shares. */
record BatchContext(
        CommandLifecycle lifecycle,
        DeliveryPolicy policy,
        Lanes lanes,
        CommandTable commands,
        AttemptTable attempts,
        HistoryTable history,
        OutputTable output,
        KeyTable keys,
        DoubleSupplier jitter,
        int mostWaiting,
        CommandSigning signing) {

    /**
     * @param jitter each call -1…1
     * @param mostWaiting commands that may wait for one agent
     */
    static BatchContext of(
            DeliveryPolicy policy, Lanes lanes, DoubleSupplier jitter, int mostWaiting, CommandSigning signing) {
        return new BatchContext(
                new CommandLifecycle(policy),
                policy,
                lanes,
                new CommandTable(),
                new AttemptTable(),
                new HistoryTable(),
                new OutputTable(),
                new KeyTable(),
                jitter,
                mostWaiting,
                signing);
    }
}
