-- AlterTable
ALTER TABLE "Invitation" ALTER COLUMN "sentAt" DROP NOT NULL;
