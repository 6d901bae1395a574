package dev.wireproof.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** One server for each home: the operating system frees the lock when the process ends, however it ends. */
public final class HomeLock implements AutoCloseable {
    private final FileChannel channel;

    private HomeLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws CannotStart when the folder cannot be made or written, or another server has it */
    public static HomeLock take(Path home) {
        try {
            Files.createDirectories(home);
            FileChannel channel =
                    FileChannel.open(home.resolve("server.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                channel.close();
                throw new CannotStart(
                        "WIREPROOF_HOME %s is in use by another running server; stop it or set another home"
                                .formatted(home.toAbsolutePath()));
            }
            return new HomeLock(channel);
        } catch (FileAlreadyExistsException e) {
            throw new CannotStart("WIREPROOF_HOME %s is a file, not a folder".formatted(home.toAbsolutePath()), e);
        } catch (IOException e) {
            throw new CannotStart("WIREPROOF_HOME %s cannot be used: %s".formatted(home.toAbsolutePath(), e), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // held by this very process
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
