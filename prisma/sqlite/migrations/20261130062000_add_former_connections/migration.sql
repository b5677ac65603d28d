-- CreateTable
CREATE TABLE "FormerConnection" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "apiUrl" TEXT,
    "things" INTEGER NOT NULL,
    "leftAt" DATETIME NOT NULL,
    CONSTRAINT "FormerConnection_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "FormerConnection_tenantId_id_idx" ON "FormerConnection"("tenantId", "id");
