package dev.wireproof.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The agent's directory: its identity, its record of commands, output on its way. One process at a time owns it; only
 * the owner of the files may read them where the file system knows permissions.
 */
final class Home implements AutoCloseable {
    private final Path directory;
    private final FileChannel lockChannel;
    private final FileLock lock;

    private Home(Path directory, FileChannel lockChannel, FileLock lock) {
        this.directory = directory;
        this.lockChannel = lockChannel;
        this.lock = lock;
    }

    /** @throws IOException when it cannot be made or written, or another agent has it; the message is for people */
    static Home open(Path directory) throws IOException {
        makePrivateDirectory(directory);
        FileChannel channel =
                FileChannel.open(directory.resolve("agent.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                Home home = new Home(directory, channel, lock);
                makePrivateDirectory(home.outputDirectory());
                makePrivateDirectory(home.scriptDirectory());
                return home;
            }
        } catch (OverlappingFileLockException e) {
            // Another agent of this very process: the same answer.
        }
        channel.close();
        throw new IOException("another agent runs with the home " + directory);
    }

    Path ledgerFile() {
        return directory.resolve("commands.journal");
    }

    Path identityFile() {
        return directory.resolve("identity.properties");
    }

    Path deviceFile() {
        return directory.resolve("device.properties");
    }

    Path outputDirectory() {
        return directory.resolve("output");
    }

    Path scriptDirectory() {
        return directory.resolve("scripts");
    }

    Path directory() {
        return directory;
    }

    /** Either the old or the new content is there after a crash at any instant, and it is the new one after return. */
    static void replace(Path file, byte[] content) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = createPrivate(fresh)) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory(file);
    }

    /** A new file that only its owner may read. */
    static FileChannel createPrivate(Path file) throws IOException {
        Set<StandardOpenOption> options =
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return isPosix(file)
                ? FileChannel.open(
                        file,
                        options,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                : FileChannel.open(file, options);
    }

    /** Makes the name of a new or renamed file durable. Windows cannot open a directory, and needs it not. */
    static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null && isPosix(directory)) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static void makePrivateDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
        if (isPosix(directory)) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    @Override
    public void close() throws IOException {
        lock.close();
        lockChannel.close();
    }
}
