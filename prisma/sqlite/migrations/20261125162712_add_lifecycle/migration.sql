-- CreateTable
CREATE TABLE "TenantExport" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "completedAt" DATETIME,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "TenantExport_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "TenantExportPart" (
    "exportId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "records" JSONB NOT NULL,

    PRIMARY KEY ("exportId", "number"),
    CONSTRAINT "TenantExportPart_exportId_fkey" FOREIGN KEY ("exportId") REFERENCES "TenantExport" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AccessReceipt" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "askedAt" DATETIME NOT NULL,
    "completedAt" DATETIME,
    CONSTRAINT "AccessReceipt_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "AccessReceipt_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "AccessReceiptEntry" (
    "receiptId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "found" TEXT NOT NULL,
    "at" DATETIME NOT NULL,

    PRIMARY KEY ("receiptId", "service", "step"),
    CONSTRAINT "AccessReceiptEntry_receiptId_fkey" FOREIGN KEY ("receiptId") REFERENCES "AccessReceipt" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "TenantExport_tenantId_id_idx" ON "TenantExport"("tenantId", "id");

-- CreateIndex
CREATE INDEX "AccessReceipt_tenantId_id_idx" ON "AccessReceipt"("tenantId", "id");

-- CreateIndex
CREATE INDEX "AccessReceipt_tenantId_completedAt_idx" ON "AccessReceipt"("tenantId", "completedAt");
