-- AlterTable
ALTER TABLE "AccessReceiptEntry" ADD COLUMN "places" JSONB;

-- AlterTable
ALTER TABLE "FormerConnection" ADD COLUMN "left" JSONB;
