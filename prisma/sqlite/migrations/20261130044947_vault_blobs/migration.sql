-- AlterTable
ALTER TABLE "MasterKey" ADD COLUMN "retiredAt" DATETIME;

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_VaultBlob" (
    "vaultId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "sealed" TEXT NOT NULL,
    "writtenAt" BIGINT NOT NULL,

    PRIMARY KEY ("vaultId", "service", "name", "version")
);
INSERT INTO "new_VaultBlob" ("sealed", "version", "writtenAt") SELECT "sealed", "version", "writtenAt" FROM "VaultBlob";
DROP TABLE "VaultBlob";
ALTER TABLE "new_VaultBlob" RENAME TO "VaultBlob";
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
